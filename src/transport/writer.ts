/**
 * One writer per socket: ZeroMQ under Node allows a single pending `send`. Messages leave in order; one
 * that cannot be sent at once is dropped, since acknowledgements above decide what has arrived.
 */
import type { Frames } from './contract.ts'

interface Sendable {
  readonly closed: boolean
  send(frames: Uint8Array[]): Promise<void>
}

export class Writer {
  readonly #socket: Sendable
  #queue: Frames[] = []
  #isWriting = false
  #writing: Promise<void> = Promise.resolve()

  constructor(socket: Sendable) {
    this.#socket = socket
  }

  send(frames: Frames): void {
    this.#queue.push(frames)
    if (!this.#isWriting) this.#writing = this.#write()
  }

  /** Resolves when the queue has been handed to ZeroMQ's own thread. */
  get flushed(): Promise<void> {
    return this.#writing
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#queue.length > 0) {
      const batch = this.#queue
      this.#queue = []
      for (const frames of batch) {
        try {
          if (!this.#socket.closed) await this.#socket.send(frames as Uint8Array[])
        } catch {
          // Not connected, or the peer is gone (EAGAIN, EHOSTUNREACH): lost, and somebody will notice.
        }
      }
    }
    this.#isWriting = false
  }
}
