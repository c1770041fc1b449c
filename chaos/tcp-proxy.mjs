// A TCP proxy before one door: where the campaign cuts links. What is held back by a cut arrives when it
// heals, as on a network that repeats what was lost; a reset loses what is under way.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/**
 * How a link is cut. `both`, `toServer`, `toClient`: nothing passes in that direction, silently. `reset`:
 * connections break, and new ones are made at once. `refuse`: they break, and nobody listens.
 *
 * @typedef {'both' | 'toServer' | 'toClient' | 'reset' | 'refuse'} Cut
 */

export class TcpProxy {
  #port
  #target
  #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client))
  /** @type {Set<{ client: import('node:net').Socket, server: import('node:net').Socket | undefined }>} */
  #pairs = new Set()
  /** @type {Cut | undefined} */
  #cut
  /** The process behind it is dead, and a connection should say so. */
  #isShut = false

  /** @param {number} port to listen on @param {number} target port of the door */
  constructor(port, target) {
    this.#port = port
    this.#target = target
  }

  async open() {
    await this.#listen()
  }

  /** `false`: it is cut already. @param {Cut} cut */
  async cut(cut) {
    if (this.#cut !== undefined) return false
    if (cut === 'reset' || cut === 'refuse') this.#breakAll()
    if (cut === 'reset') return true
    this.#cut = cut
    if (cut === 'refuse') await this.#unlisten()
    this.#apply()
    return true
  }

  async heal() {
    const was = this.#cut
    this.#cut = undefined
    if (was === 'refuse' && !this.#isShut) await this.#listen()
    this.#apply()
  }

  /** Refuses while its process is dead, as the door itself would. */
  async shut() {
    this.#isShut = true
    await this.#unlisten()
  }

  async reopen() {
    if (!this.#isShut) return
    this.#isShut = false
    if (this.#cut !== 'refuse') await this.#listen()
  }

  async close() {
    this.#breakAll()
    await this.#unlisten()
  }

  async #listen() {
    if (this.#server.listening) return
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  /** Resolves at once: connections that stand do not count. */
  async #unlisten() {
    if (this.#server.listening) this.#server.close()
  }

  #breakAll() {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy()
      server?.resetAndDestroy()
    }
    this.#pairs.clear()
  }

  #accept(client) {
    const pair = { client, server: undefined }
    this.#pairs.add(pair)
    client.on('error', () => undefined)
    client.on('close', () => this.#pairs.delete(pair))
    client.pause()
    // Its first packet would not have come through either.
    if (this.#cut !== 'both' && this.#cut !== 'toServer') this.#join(pair)
  }

  #join(pair) {
    const { client } = pair
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    pair.server = server
    client.setNoDelay(true)
    server.setNoDelay(true)
    this.#pass(client, server)
    this.#pass(server, client)
    this.#applyTo(pair)
  }

  #pass(from, to) {
    from.on('data', (piece) => {
      if (!to.write(piece)) from.pause()
    })
    to.on('drain', () => {
      if (!this.#isHeld(from)) from.resume()
    })
    from.on('end', () => to.end())
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroySoon())
  }

  #apply() {
    for (const pair of this.#pairs) {
      if (pair.server !== undefined) this.#applyTo(pair)
      else if (!this.#isBlocked('toServer')) this.#join(pair)
    }
  }

  #applyTo({ client, server }) {
    if (this.#isBlocked('toServer')) client.pause()
    else client.resume()
    if (this.#isBlocked('toClient')) server.pause()
    else server.resume()
  }

  /** @param {'toServer' | 'toClient'} direction */
  #isBlocked(direction) {
    return this.#cut === 'both' || this.#cut === direction
  }

  #isHeld(from) {
    for (const { client, server } of this.#pairs) {
      if (from === client) return this.#isBlocked('toServer')
      if (from === server) return this.#isBlocked('toClient')
    }
    return false
  }
}
