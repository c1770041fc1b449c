/**
 * One client and how it is talked to: scripts by their hash, reads again until the server is back, and an
 * end that also ends what waits. It reconnects by itself.
 */
import { setMaxListeners } from 'node:events'
import { isCarbontubeError } from '../../errors/errors.ts'
import { notOpen } from '../storage-errors.ts'
import { commandTimeoutMs, type RedisAddress } from './address.ts'
import type { RedisArgument, RedisClient, RedisDriver, RedisReply } from './driver.ts'
import { bareCause, explained, failureOf, isAnswer, unreachable } from './failures.ts'
import type { Script } from './scripts/script.ts'

/** How long a read goes on without an answer before it throws. */
const patienceMs = 5_000
const [firstPauseMs, pauseMsMax] = [20, 500]

export class Connection {
  readonly #client: RedisClient
  readonly #where: string
  readonly #closing = new AbortController()
  /** Why there is no connection, in the words of the last attempt. */
  #lastError: Error | undefined

  constructor(driver: RedisDriver, address: RedisAddress, name: string) {
    this.#where = address.where
    // A pause for each of those who wait while the server is away.
    setMaxListeners(0, this.#closing.signal)
    this.#client = address.client(driver, name)
    this.#client.on('error', (error) => (this.#lastError = bareCause(error)))
  }

  /** Throws CT_UNREACHABLE when nobody answers for some seconds, CT_STORE_FAILED when access is denied. */
  async open(): Promise<void> {
    const startedMs = performance.now()
    let pauseMs = firstPauseMs
    this.#client.connect().catch((error: unknown) => (this.#lastError ??= bareCause(error)))
    while (this.#client.status !== 'ready') {
      const error = this.#lastError
      if (this.#closing.signal.aborted) throw notOpen(this.#where)
      if (error !== undefined && failureOf(error) === 'denied') throw explained(error, this.#where)
      if (performance.now() - startedMs > patienceMs) {
        throw unreachable(this.#where, error ?? new Error('no connection'))
      }
      await this.#pause((pauseMs = Math.min(pauseMs * 2, pauseMsMax)))
      if (this.#client.status === 'end') this.#client.connect().catch(() => undefined)
    }
    this.#lastError = undefined
  }

  close(): void {
    this.#closing.abort()
    this.#client.disconnect()
  }

  /** Called before anything is sent over a connection that was made anew. */
  onReconnected(act: () => void): void {
    this.#client.on('ready', act)
  }

  /** The servers of a cluster, or the one. */
  servers(): readonly Pick<RedisClient, 'callBuffer'>[] {
    return this.#client.nodes?.('master') ?? [this.#client]
  }

  /** Once. Throws what the client throws. */
  async send(command: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    try {
      const reply = (await this.#client.callBuffer(command, args)) as RedisReply
      this.#lastError = undefined
      return reply
    } catch (error) {
      // Nothing comes any more over a connection that has died without a word.
      if (bareCause(error).message === 'Command timed out') this.#client.disconnect(true)
      throw error
    }
  }

  /** A script, once. A server that does not know it (a restart, a failover) is told its text. */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<RedisReply> {
    const rest = [keys.length, ...keys, ...args]
    try {
      return await this.send('evalsha', [script.sha, ...rest])
    } catch (error) {
      if (failureOf(error) !== 'noScript') throw error
      return await this.send('eval', [script.text, ...rest])
    }
  }

  /** Something that may be done twice: tried until it is answered, for some seconds. */
  async again<T>(action: () => Promise<T>): Promise<T> {
    const startedMs = performance.now()
    let answer: unknown
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      try {
        return await action()
      } catch (error) {
        if (isCarbontubeError(error)) throw error
        if (this.#closing.signal.aborted) throw notOpen(this.#where)
        const waitedMs = performance.now() - startedMs
        if (failureOf(error) !== 'transient') throw explained(error, this.#where)
        if (isAnswer(error)) answer = error
        // What a server said says more than why there is no connection, and that more than that there is none.
        const why = answer ?? this.#lastError ?? error
        if (waitedMs > patienceMs) throw explained(why, this.#where)
      }
      await this.#pause(pauseMs)
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closing
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, Math.min(ms, commandTimeoutMs))
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
  }
}
