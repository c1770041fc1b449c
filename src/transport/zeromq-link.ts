/**
 * A link over ZeroMQ, and what its monitor tells. ZeroMQ tries again by itself, but not when the other
 * side was the wrong kind of socket: then it gives up for ever, without an error. The address may get
 * the right one later (a worker's old port), so the link begins anew.
 */
import type * as zmq from 'zeromq'
import { parseAddress } from '../runtime/address.ts'
import type { Link, LinkOptions } from './contract.ts'
import { Writer } from './writer.ts'

/** A connection that has ended is given this long until ZeroMQ says that it tries again. */
const retryWithinMs = 1_000

export function connectLink(socket: zmq.Push | zmq.Dealer, options: LinkOptions): Link {
  const { address } = options
  const writer = new Writer(socket)
  const watch = new Watch(socket, options)
  try {
    parseAddress(address)
    socket.connect(address)
  } catch (error) {
    socket.close()
    throw error
  }
  return {
    address,
    get isUp() {
      return watch.isUp
    },
    send: (frames) => writer.send(frames),
    flushed: () => writer.flushed,
    close() {
      watch.stop()
      socket.close()
    },
  }
}

class Watch {
  readonly #socket: zmq.Push | zmq.Dealer
  readonly #options: LinkOptions
  #givenUp: NodeJS.Timeout | undefined
  /** The last connection has said why it failed: then it was no matter of the kind of socket. */
  #hadError = false
  /** Connections since the last handshake. */
  #failed = 0
  #isWrongTold = false
  isUp = false

  constructor(socket: zmq.Push | zmq.Dealer, options: LinkOptions) {
    this.#socket = socket
    this.#options = options
    // An observer that is touched must be read: these listeners do.
    socket.events.on('connect', () => {
      this.#hadError = false
    })
    socket.events.on('handshake', () => this.#cameUp())
    socket.events.on('handshake:error:other', () => {
      this.#hadError = true
    })
    socket.events.on('disconnect', () => this.#ended())
    socket.events.on('connect:retry', () => clearTimeout(this.#givenUp))
  }

  stop(): void {
    clearTimeout(this.#givenUp)
  }

  #cameUp(): void {
    // Within a millisecond of the last try, `send` does not look whether there is a connection by now, and
    // loses the message: this looks.
    void this.#socket.writable
    this.isUp = true
    this.#failed = 0
    this.#isWrongTold = false
    this.#options.onUp?.()
  }

  #ended(): void {
    if (this.#socket.closed) return
    clearTimeout(this.#givenUp)
    this.#givenUp = setTimeout(() => this.#beginAnew(), retryWithinMs)
    if (this.isUp) {
      this.isUp = false
      this.#options.onDown?.()
      return
    }
    this.#failed += 1
    // A program that does not speak ZeroMQ says so by failing again; one that dies fails once.
    const isWrong = !this.#hadError || this.#failed >= 2
    if (!isWrong || this.#isWrongTold) return
    this.#isWrongTold = true
    this.#options.onWrongPeer?.()
  }

  #beginAnew(): void {
    if (this.#socket.closed) return
    const { address } = this.#options
    this.#socket.disconnect(address)
    this.#socket.connect(address)
  }
}
