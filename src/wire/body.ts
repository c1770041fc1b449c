/**
 * The payloads of a message, one after the other in frame 1; the header has their lengths. A frame costs
 * ZeroMQ under Node several microseconds at either end (a reference, a finalizer), whatever its size:
 * one for all of them made three phases a quarter faster than one for each (decision 0006).
 */
import * as check from './checks.ts'
import { WireError } from './wire-error.ts'

/**
 * A sender ends a message with the payload that brings its body here. A door cuts off whoever sends a frame of more than
 * 64 MiB, and the same message would come again on the next connection.
 */
export const bodyBytesWanted = 8 * 1024 * 1024

export class BodyWriter {
  readonly #parts: Uint8Array[] = []

  /** Answers what the header has to say of it: its length in bytes. */
  add(payload: Uint8Array): number {
    this.#parts.push(payload)
    return payload.length
  }

  /** The whole message. */
  frames(header: Uint8Array): Uint8Array[] {
    const [first, ...others] = this.#parts
    if (first === undefined) return [header]
    return [header, others.length === 0 ? first : Buffer.concat(this.#parts)]
  }
}

export class BodyReader {
  readonly #body: Uint8Array | undefined
  #at = 0

  constructor(frames: readonly Uint8Array[]) {
    this.#body = frames[1]
  }

  /** The next payload: a view, so it keeps the whole message in memory. */
  take(length: unknown): Uint8Array {
    const start = this.#at
    this.#at += check.count(length, 'length')
    if (this.#body === undefined || this.#at > this.#body.length) {
      throw new WireError('malformed', 'the body is shorter than the header says')
    }
    return this.#body.subarray(start, this.#at)
  }
}
