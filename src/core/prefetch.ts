/**
 * How many jobs beyond its slots a worker asks for. By default none: a job that waits behind a long one
 * is a job that an idle worker could do. When the recent runs were short, a little more hides the round
 * trip; what then does not start in time is given back.
 */
export interface PrefetchOptions {
  /** At most this many jobs beyond the slots. */
  readonly jobsMax: number
  /** The prefetched work should last about this long. */
  readonly windowMs: number
}

const samplesKept = 32
/** Before this many runs nothing is known. */
const samplesMin = 4
/** No run counts as shorter than this: bounds the quotient. */
const durationFloorMs = 0.01

export class Prefetch {
  readonly #options: PrefetchOptions
  readonly #recent: number[] = []
  #next = 0
  #sum = 0

  constructor(options: PrefetchOptions) {
    this.#options = options
  }

  ran(durationMs: number): void {
    this.#sum += durationMs - (this.#recent[this.#next] ?? 0)
    this.#recent[this.#next] = durationMs
    this.#next = (this.#next + 1) % samplesKept
  }

  /** A run turned out long: nothing is prefetched until short ones have been seen again. */
  forget(): void {
    this.#recent.length = 0
    this.#next = 0
    this.#sum = 0
  }

  jobs(concurrency: number): number {
    const { jobsMax, windowMs } = this.#options
    const samples = this.#recent.length
    if (samples < samplesMin) return 0
    const meanMs = Math.max(this.#sum / samples, durationFloorMs)
    return Math.min(jobsMax, Math.floor((windowMs * concurrency) / meanMs))
  }
}
