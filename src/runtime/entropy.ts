/** Chance as the shells draw it: ids, nonces, seeds. */
import { randomBytes, randomFillSync, randomInt } from 'node:crypto'
import { v7 } from 'uuid'

/** A job id: UUIDv7; the ids of one process sort by time, also within a millisecond. */
export function newJobId(): string {
  return jobIds.next()
}

const idBytes = 16
const idsAtOnce = 256

/** Draws the chance of many ids at once: a call of the system for each costs more than the id. */
class JobIds {
  readonly #random = new Uint8Array(idBytes * idsAtOnce)
  #used = idsAtOnce
  #lastMs = 0
  #sequence = 0

  next(): string {
    if (this.#used === idsAtOnce) {
      randomFillSync(this.#random)
      this.#used = 0
    }
    const start = this.#used * idBytes
    const random = this.#random.subarray(start, start + idBytes)
    this.#used += 1
    const msecs = Math.max(this.#lastMs, Date.now())
    // Room for 2³¹ more within the millisecond.
    this.#sequence = msecs === this.#lastMs ? this.#sequence + 1 : firstSequence(random)
    this.#lastMs = msecs
    return v7({ random, msecs, seq: this.#sequence })
  }
}

/** 31 random bits, of bytes that the id itself does not use. */
function firstSequence(random: Uint8Array): number {
  return new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1
}

const jobIds = new JobIds()

/** 64 random bits in hex. */
export function newNonce(): string {
  return randomBytes(8).toString('hex')
}

/** A seed for the core's rng. */
export function newSeed(): number {
  return randomInt(2 ** 32)
}
