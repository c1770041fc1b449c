/**
 * Jobs that back off until a due time. The earliest are in memory, up to a bound; later ones are cold in
 * the store, and `#coldFromMs` is the earliest due time among those, so that one timer serves both.
 *
 * Cold jobs are loaded in order, from behind `#cursor`: a job that is due and granted stays scheduled in
 * the store until something is written, and must not be read again and again.
 */
import { Heap, hasManyDead } from './heap.ts'
import type { Job } from './job.ts'

/** Place in the order in which scheduled jobs are due. */
export interface DueKey {
  readonly dueMs: number
  readonly sequence: number
}

export function isDueBefore(a: DueKey, b: DueKey): boolean {
  return a.dueMs !== b.dueMs ? a.dueMs < b.dueMs : a.sequence < b.sequence
}

export class ScheduledJobs {
  readonly #max: { readonly jobs: number; readonly bytes: number }
  readonly #heap = new Heap<Job>(isDueBefore)
  #hot = 0
  #hotBytes = 0
  #coldFromMs: number | undefined
  /** Everything up to it has been loaded. */
  #cursor: DueKey | undefined
  /** The earliest that became cold while a load was under way. */
  #coldMeanwhile: DueKey | undefined
  #loading = false

  /** `max`: of those in memory. */
  constructor(max: { jobs: number; bytes: number }, coldFromMs: number | undefined) {
    this.#max = max
    this.#coldFromMs = coldFromMs
  }

  /** Places in memory, also of jobs that were cancelled. */
  get entries(): number {
    return this.#heap.size
  }

  /** `false`: there is no room in memory, the job stays in the store and the caller forgets it. */
  enter(job: Job): boolean {
    if (this.#hot >= this.#max.jobs || this.#hotBytes >= this.#max.bytes) {
      this.#goesCold({ dueMs: job.dueMs, sequence: job.sequence })
      return false
    }
    this.#hot += 1
    this.#hotBytes += job.instructions.length
    this.#heap.push(job)
    return true
  }

  #goesCold(key: DueKey): void {
    this.#coldFromMs = Math.min(this.#coldFromMs ?? key.dueMs, key.dueMs)
    if (this.#cursor !== undefined && !isDueBefore(this.#cursor, key)) this.#cursor = undefined
    const earliest = this.#coldMeanwhile
    if (this.#loading && (earliest === undefined || isDueBefore(key, earliest))) {
      this.#coldMeanwhile = key
    }
  }

  /** A hot job is taken out, or was cancelled: then its entry is skipped when it comes up. */
  leave(job: Job): void {
    this.#hot -= 1
    this.#hotBytes -= job.instructions.length
  }

  /** Removes the dead entries when there are many: due in a year, they would be here for a year. */
  sweep(): void {
    if (!hasManyDead(this.entries, this.#hot)) return
    for (const job of this.#heap.drain()) if (job.state === 'scheduled') this.#heap.push(job)
  }

  /** Takes out a job that is due. */
  takeDue(nowMs: number): Job | undefined {
    for (;;) {
      const job = this.#heap.peek()
      if (job === undefined || job.dueMs > nowMs) return undefined
      this.#heap.pop()
      if (job.state !== 'scheduled') continue
      this.leave(job)
      return job
    }
  }

  /** Whether cold jobs are due and should be loaded; marks the load as under way. */
  wantsLoad(nowMs: number): { after: DueKey | undefined } | undefined {
    if (this.#loading || this.#coldFromMs === undefined || this.#coldFromMs > nowMs) {
      return undefined
    }
    this.#loading = true
    this.#coldFromMs = undefined
    this.#coldMeanwhile = undefined
    return { after: this.#cursor }
  }

  /** `last` of what the store read; when the next one behind it is due. */
  loaded(last: DueKey | undefined, nextDueMs: number | undefined): void {
    this.#loading = false
    if (last !== undefined) this.#cursor = { dueMs: last.dueMs, sequence: last.sequence }
    const meanwhile = this.#coldMeanwhile
    const isMissed = meanwhile !== undefined && this.#cursor !== undefined
    if (isMissed && !isDueBefore(this.#cursor as DueKey, meanwhile)) this.#cursor = undefined
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
