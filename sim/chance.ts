/** All chance of a world comes from its seed. */
import { seededRng, type Rng } from '../src/core/rng.ts'

export class Chance {
  readonly #rng: Rng

  constructor(seed: number) {
    this.#rng = seededRng(seed)
    // Neighbouring seeds begin alike.
    for (let n = 0; n < 8; n++) this.#rng.next()
  }

  /** `true` with this probability. */
  is(probability: number): boolean {
    return probability > 0 && this.#rng.next() < probability
  }

  /** A whole number, both ends included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.#rng.next() * (max - min + 1))
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.int(0, list.length - 1)]
    if (picked === undefined) throw new Error('there is nothing to pick from')
    return picked
  }

  /** A pause whose mean is `meanMs`. */
  pause(meanMs: number): number {
    return Math.ceil(-Math.log(1 - this.#rng.next()) * meanMs)
  }

  /** 64 bits in hex. */
  nonce(): string {
    return Array.from({ length: 16 }, () => this.int(0, 15).toString(16)).join('')
  }

  seed(): number {
    return this.int(0, 0xffff_ffff)
  }
}
