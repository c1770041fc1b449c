/**
 * How long things took, as counts by upper bound: what percentiles and histograms of monitors are made of. The
 * bounds are the same everywhere, so that the counts of several shards can be added up.
 */

/** Upper bounds in milliseconds, inclusive; what took longer is counted behind the last. */
export const durationBoundsMs = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000],
  ...[300_000, 1_800_000, 7_200_000, 43_200_000],
] as const

/**
 * How long things took, as counts by upper bound: 1, 2, 5, 10, 20, 50, 100, 200, 500 ms, 1, 2, 5, 10, 30 s, 1, 5, 30
 * minutes, 2 and 12 hours.
 */
export interface DurationCounts {
  /** One more than there are bounds; not cumulative. */
  readonly counts: readonly number[]
  /** All of them together, in milliseconds. */
  readonly sumMs: number
}

export class DurationCounter {
  readonly #counts: number[] = Array.from({ length: durationBoundsMs.length + 1 }, () => 0)
  #sumMs = 0

  /** Clocks of two machines may disagree: less than nothing is nothing. */
  add(ms: number): void {
    const tookMs = ms > 0 ? ms : 0
    let at = 0
    while (at < durationBoundsMs.length && tookMs > (durationBoundsMs[at] as number)) at += 1
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sumMs += tookMs
  }

  read(): DurationCounts {
    return { counts: [...this.#counts], sumMs: this.#sumMs }
  }
}
