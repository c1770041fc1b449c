/**
 * The jobs of one phase that wait for a worker, in the order (priority descending, sequence ascending).
 *
 * Theory of operation. Only a *hot window* of them is in memory; the rest stays cold in the store, so
 * ten million waiting jobs do not grow the manager. The `#cursor` divides the two: every ready job up
 * to it is hot, those behind it may be cold. `#complete` says that nothing is cold.
 *
 * - A job that becomes ready at or before the cursor goes into the window; behind it, it stays cold.
 * - A window over its bound is trimmed to three quarters, and the cursor is pulled back.
 * - A window that runs low asks for a refill behind the cursor. While a refill is under way nothing is
 *   left cold and nothing is trimmed, so that what the store read a moment ago cannot hide a job; what
 *   comes behind the cursor meanwhile waits apart until the cursor has moved. Then it joins the window, or
 *   becomes cold: kept, the jobs of a busy client would fill a window from which none of them may be granted.
 *
 * Entries are removed lazily: one whose job is no longer ready in this phase is skipped when it comes up. Dead
 * ones in the middle (of cancelled jobs, say) might never come up: when they outnumber the others, all are swept.
 */
import { hasManyDead } from './heap.ts'
import { RunAndHeap } from './run-and-heap.ts'
import type { Job } from './job.ts'

/** Place in the granting order. */
export interface ReadyKey {
  readonly priority: number
  readonly sequence: number
}

/** What a store holds of one phase at takeover. */
export interface ReadySummary {
  readonly phase: number
  readonly ready: number
  readonly scheduled: number
}

export interface WindowBounds {
  readonly readyJobsMax: number
  readonly readyBytesMax: number
  readonly loadJobsMax: number
}

export function isBefore(a: ReadyKey, b: ReadyKey): boolean {
  return a.priority !== b.priority ? a.priority > b.priority : a.sequence < b.sequence
}

export class ReadyQueue {
  readonly phase: number
  readonly #bounds: WindowBounds
  readonly #hot = new RunAndHeap<Job>(isBefore)
  /** Jobs that must run alone; few, so a list will do. Always hot. */
  #alone: Job[] = []
  /** What came behind the cursor while a refill is under way: in memory, and not to be granted yet. */
  #meanwhile: Job[] = []
  #hotJobs = 0
  #hotBytes = 0
  #waiting: number
  #cursor: ReadyKey | undefined
  #complete: boolean
  #loading = false

  constructor(phase: number, coldJobs: number, bounds: WindowBounds) {
    this.phase = phase
    this.#bounds = bounds
    this.#waiting = coldJobs
    this.#complete = coldJobs === 0
  }

  /** Ready jobs, hot and cold. */
  get waiting(): number {
    return this.#waiting
  }

  get hotJobs(): number {
    return this.#hotJobs
  }

  get hotBytes(): number {
    return this.#hotBytes
  }

  /** Places in memory, also of jobs that have left. */
  get entries(): number {
    return this.#hot.size + this.#meanwhile.length + this.#alone.length
  }

  /** Takes a job that has become ready. `false`: it stays cold, the caller forgets it. */
  enter(job: Job): boolean {
    this.#waiting += 1
    if (job.alone) return this.#keepAlone(job)
    if (!this.#mayFollowColdOnes(job)) this.#keep(job)
    else if (this.#loading) this.#keepApart(job)
    else return false
    return true
  }

  /** A hot job is no longer ready: granted from here, adopted, or cancelled. */
  leave(job: Job): void {
    this.#waiting -= 1
    this.#hotJobs -= 1
    this.#hotBytes -= job.instructions.length
    if (job.alone) this.#alone = this.#alone.filter((other) => other !== job)
  }

  /** A job that was cold has been adopted or cancelled without passing through the window. */
  leaveCold(): void {
    this.#waiting -= 1
  }

  /** The next ready job, still in the queue; `undefined` when none is hot, or when a cold one comes first. */
  peek(): Job | undefined {
    const job = this.#first()
    return job === undefined || this.#mayFollowColdOnes(job) ? undefined : job
  }

  #first(): Job | undefined {
    for (;;) {
      const job = this.#hot.peek()
      if (job === undefined) return undefined
      if (this.#isMine(job)) return job
      this.#hot.pop()
      if (job.queuedIn === this.phase) job.queuedIn = -1
    }
  }

  /** Since when the first in the line has been ready; 0 when none waits, or only the store knows. */
  get oldestMs(): number {
    const [alone] = this.#alone
    const first = this.#first()
    if (alone === undefined || first === undefined) return (alone ?? first)?.dueMs ?? 0
    return Math.min(alone.dueMs, first.dueMs)
  }

  /** The next job that must run alone. */
  peekAlone(): Job | undefined {
    return this.#alone[0]
  }

  /** How many jobs to load, and behind which key; `undefined` when no refill is wanted now. */
  wantsRefill(): { after: ReadyKey | undefined; limit: number } | undefined {
    const { readyJobsMax, readyBytesMax, loadJobsMax } = this.#bounds
    if (this.#complete || this.#loading) return undefined
    const isLow = this.#hotJobs <= readyJobsMax / 4 && this.#hotBytes <= readyBytesMax / 4
    const first = this.#first()
    if (!isLow && (first === undefined || !this.#mayFollowColdOnes(first))) return undefined
    this.#loading = true
    const limit = Math.min(Math.max(1, Math.floor(readyJobsMax / 2)), loadJobsMax)
    return { after: this.#cursor, limit }
  }

  /**
   * A refill has arrived: `lastKey` of what the store read, `fresh` what was not in memory anyhow. Returns the
   * jobs that have come meanwhile and are cold now.
   */
  refill(fresh: readonly Job[], lastKey: ReadyKey | undefined, exhausted: boolean): readonly Job[] {
    this.#loading = false
    for (const job of fresh) {
      if (job.alone) this.#keepAlone(job)
      else this.#keep(job)
    }
    if (lastKey !== undefined) this.#cursor = lastKey
    if (exhausted) this.#complete = true
    return this.#sortOut()
  }

  /** What waited apart is behind the cursor still, and cold, or it joins the window. */
  #sortOut(): Job[] {
    const cold: Job[] = []
    const apart = this.#meanwhile
    this.#meanwhile = []
    for (const job of apart) {
      if (job.queuedIn === this.phase) job.queuedIn = -1
      if (!this.#isMine(job)) continue
      this.#hotJobs -= 1
      this.#hotBytes -= job.instructions.length
      if (this.#mayFollowColdOnes(job)) cold.push(job)
      else this.#keep(job)
    }
    return cold
  }

  /** Brings an overfull window back into its bounds; returns the jobs that are cold now. */
  trim(): readonly Job[] {
    const { readyJobsMax, readyBytesMax } = this.#bounds
    const isOver = this.#hotJobs > readyJobsMax || this.#hotBytes > readyBytesMax
    if (!isOver || this.#loading) return []
    const entries = this.#hot.drain()
    // Also those whose job is elsewhere now: it has no entry here any more, should it come back.
    for (const job of entries) if (job.queuedIn === this.phase) job.queuedIn = -1
    const hot = entries.filter((job) => this.#isMine(job))
    hot.sort((a, b) => (isBefore(a, b) ? -1 : 1))
    this.#hotJobs = this.#alone.length
    this.#hotBytes = this.#alone.reduce((sum, job) => sum + job.instructions.length, 0)
    let kept = 0
    for (const job of hot) {
      if (kept > 0 && (kept >= readyJobsMax * 0.75 || this.#hotBytes > readyBytesMax * 0.75)) break
      this.#keep(job)
      kept += 1
    }
    const last = hot[kept - 1]
    if (kept < hot.length && last !== undefined) this.#pullBack(last)
    return hot.slice(kept)
  }

  /** Removes the dead entries when there are many. */
  sweep(): void {
    if (!hasManyDead(this.entries, this.#hotJobs)) return
    // In this order what is left of the run is a run again.
    for (const job of this.#hot.drain()) if (this.#isKept(job)) this.#hot.push(job)
    this.#meanwhile = this.#meanwhile.filter((job) => this.#isKept(job))
  }

  /** One whose entry goes has none here any more, should it come back. */
  #isKept(job: Job): boolean {
    const isMine = this.#isMine(job)
    if (!isMine && job.queuedIn === this.phase) job.queuedIn = -1
    return isMine
  }

  /** Never forward: between the cursor and the last kept job there may be cold ones. */
  #pullBack({ priority, sequence }: ReadyKey): void {
    const key = { priority, sequence }
    const isForward = !this.#complete && (this.#cursor === undefined || isBefore(this.#cursor, key))
    if (!isForward) this.#cursor = key
    this.#complete = false
  }

  #isMine(job: Job): boolean {
    return job.state === 'ready' && job.phase === this.phase && !job.alone
  }

  #mayFollowColdOnes(job: Job): boolean {
    if (this.#complete) return false
    return this.#cursor === undefined || isBefore(this.#cursor, job)
  }

  #keep(job: Job): void {
    if (this.#hasNewEntry(job)) this.#hot.push(job)
  }

  #keepApart(job: Job): void {
    if (this.#hasNewEntry(job)) this.#meanwhile.push(job)
  }

  /** An entry from an earlier stay is good again: its key has not changed. */
  #hasNewEntry(job: Job): boolean {
    this.#hotJobs += 1
    this.#hotBytes += job.instructions.length
    if (job.queuedIn === this.phase) return false
    job.queuedIn = this.phase
    return true
  }

  #keepAlone(job: Job): boolean {
    this.#hotJobs += 1
    this.#hotBytes += job.instructions.length
    this.#alone.push(job)
    return true
  }
}
