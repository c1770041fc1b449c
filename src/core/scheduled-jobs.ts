/**
 * Jobs that back off until a due time. The earliest are in memory, up to a bound; later ones are cold in
 * the store, and `#coldFromMs` is the earliest due time among those, so that one timer serves both.
 */
import { Heap } from './heap.ts'
import type { Job } from './job.ts'

export class ScheduledJobs {
  readonly #max: number
  readonly #heap = new Heap<Job>((a, b) =>
    a.dueMs !== b.dueMs ? a.dueMs < b.dueMs : a.sequence < b.sequence,
  )
  #hot = 0
  #coldFromMs: number | undefined
  #loading = false

  constructor(max: number, coldFromMs: number | undefined) {
    this.#max = max
    this.#coldFromMs = coldFromMs
  }

  /** `false`: there is no room in memory, the job stays in the store and the caller forgets it. */
  enter(job: Job): boolean {
    if (this.#hot >= this.#max) {
      this.#coldFromMs = Math.min(this.#coldFromMs ?? job.dueMs, job.dueMs)
      return false
    }
    this.#hot += 1
    this.#heap.push(job)
    return true
  }

  /** A hot job was cancelled; its entry is skipped when it comes up. */
  leave(): void {
    this.#hot -= 1
  }

  /** Takes out a job that is due. */
  takeDue(nowMs: number): Job | undefined {
    for (;;) {
      const job = this.#heap.peek()
      if (job === undefined || job.dueMs > nowMs) return undefined
      this.#heap.pop()
      if (job.state !== 'scheduled') continue
      this.#hot -= 1
      return job
    }
  }

  /** Whether cold jobs are due and should be loaded; marks the load as under way. */
  wantsLoad(nowMs: number): boolean {
    if (this.#loading || this.#coldFromMs === undefined || this.#coldFromMs > nowMs) return false
    this.#loading = true
    this.#coldFromMs = undefined
    return true
  }

  loaded(nextDueMs: number | undefined): void {
    this.#loading = false
    if (nextDueMs === undefined) return
    this.#coldFromMs = Math.min(this.#coldFromMs ?? nextDueMs, nextDueMs)
  }

  /** When to look again. */
  get nextMs(): number | undefined {
    const hot = this.#heap.peek()?.dueMs
    const cold = this.#loading ? undefined : this.#coldFromMs
    if (hot === undefined) return cold
    return cold === undefined ? hot : Math.min(hot, cold)
  }
}
