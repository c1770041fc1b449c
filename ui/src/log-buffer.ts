/**
 * Log lines of one page: a window on the newest. While somebody reads (paused, or scrolled up), the window
 * stands still and the buffer goes on behind it, so that what is read never moves.
 */
import type { LogLine } from '../../src/dashboard/api-types.ts'

/** In the page at once: more cannot be read, and make it slow. */
export const shownMax = 1_000
/** Kept to be downloaded, and to be shown when a held window goes on. */
const keptMax = 5_000

export class LogBuffer {
  #lines: LogLine[] = []
  #held: readonly LogLine[] | undefined
  #heldAt = 0
  #count = 0
  #dropped = 0
  /** Number of the newest line, also of one that was cleared. */
  #newest = 0

  get dropped(): number {
    return this.#dropped
  }

  get isHeld(): boolean {
    return this.#held !== undefined
  }

  /** What is in the page: at most `shownMax`, the oldest first. */
  get shown(): readonly LogLine[] {
    return this.#held ?? this.#lines.slice(-shownMax)
  }

  /** Lines that came while the window stood still. */
  get unseen(): number {
    return this.#held === undefined ? 0 : this.#count - this.#heldAt
  }

  /** Everything that is kept, for a download. */
  get kept(): readonly LogLine[] {
    return this.#lines
  }

  /** Lines in their order. What is known, or older than it, is left out: answers and streams overlap. */
  add(lines: readonly LogLine[], dropped = 0): void {
    const fresh = lines.filter(({ number }) => number > this.#newest)
    this.#newest = fresh.at(-1)?.number ?? this.#newest
    this.#count += fresh.length
    this.#lines.push(...fresh)
    this.#dropped += dropped
    // Cut rarely: an array is copied by it.
    if (this.#lines.length > 2 * keptMax) this.#lines = this.#lines.slice(-keptMax)
  }

  hold(): void {
    if (this.#held !== undefined) return
    this.#held = this.shown
    this.#heldAt = this.#count
  }

  release(): void {
    this.#held = undefined
  }

  clear(): void {
    this.#lines = []
    this.#dropped = 0
    this.#heldAt = this.#count
    if (this.#held !== undefined) this.#held = []
  }
}
