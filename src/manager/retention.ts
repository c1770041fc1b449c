/**
 * Takes settled jobs out of the store when they are too old or too many: a slice at a time, yielding
 * between slices, so that the loop is never held for long. A slice that took long makes the next one
 * smaller: a thousand jobs may be a thousand numbers or a thousand files.
 *
 * Orders about dead jobs hold the retention off while they are under way: what the core has read as dead
 * must still be there when its order is committed.
 */
import { isCarbontubeError } from '../errors/errors.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ShardRef, Storage } from '../storage/contract.ts'

/** What is kept, and how the rest is removed. Times in milliseconds. */
export interface RetentionOptions {
  /** Done and cancelled jobs are kept this long; default 24 h … */
  readonly settledKeepMs: number
  /** … and at most so many of them; default 100,000 … */
  readonly settledKeepJobs: number
  /**
   * … but for those that have ended within so long: a client that repeats an enqueue, since its answer was lost,
   * must find the job, however many have ended meanwhile. Default 300,000.
   */
  readonly settledKeepAllMs: number
  /** Dead jobs are kept this long; default 30 days. */
  readonly deadKeepMs: number
  /** From the end of one sweep to the next; default 60,000. */
  readonly everyMs: number
  /** Jobs of one slice at most; default 1,000. */
  readonly sliceJobsMax: number
}

const hourMs = 3_600_000

const defaultRetention: RetentionOptions = {
  settledKeepMs: 24 * hourMs,
  settledKeepJobs: 100_000,
  settledKeepAllMs: hourMs / 12,
  deadKeepMs: 30 * 24 * hourMs,
  everyMs: 60_000,
  sliceJobsMax: 1_000,
}

export interface RetentionParts {
  readonly storage: Storage
  readonly ref: ShardRef
  readonly clock: Clock
  readonly logger: Logger
  /** Jobs that this owner has seen settle, and those that it found settled. */
  settled(): number
  readonly options?: Partial<RetentionOptions> | undefined
}

/** Jobs of the first slice, and the least that a later one is cut down to. */
const sliceJobsFirst = 100
const sliceJobsMin = 10
/** A slice that took longer is followed by one of half the size … */
const sliceMsMax = 50
/** … and one that took less by one of twice the size. */
const sliceMsShort = 10

export class Retention {
  readonly #parts: RetentionParts
  readonly #options: RetentionOptions
  #sliceJobs: number
  #slice: Promise<number> | undefined
  #holds = 0
  #whenFree: (() => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #isStopped = false
  /** How many had settled when, one for each sweep, the oldest first. */
  #counts: { readonly atMs: number; readonly settled: number }[] = []

  constructor(parts: RetentionParts) {
    this.#parts = parts
    this.#options = { ...defaultRetention, ...parts.options }
    this.#noteCount()
    this.#sliceJobs = Math.min(sliceJobsFirst, this.#options.sliceJobsMax)
  }

  start(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      void this.sweep()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => this.start())
    }, this.#options.everyMs)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#letGo()
  }

  /** Removes all that may go now; answers how many jobs that were. */
  async sweep(): Promise<number> {
    this.#noteCount()
    let removed = 0
    for (;;) {
      while (this.#holds > 0 && !this.#isStopped) {
        await new Promise<void>((resolve) => this.#whenFree.push(resolve))
      }
      if (this.#isStopped) return removed
      const limit = this.#sliceJobs
      this.#slice = this.#prune(limit).finally(() => (this.#slice = undefined))
      const count = await this.#slice
      removed += count
      if (count < limit) return removed
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Resolves when no slice is under way; none begins until the function it answers is called. */
  async hold(): Promise<() => void> {
    this.#holds += 1
    await this.#slice?.catch(() => undefined)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds -= 1
      if (this.#holds === 0) this.#letGo()
    }
  }

  async #prune(limit: number): Promise<number> {
    const { storage, ref, clock } = this.#parts
    const { settledKeepMs, deadKeepMs, sliceJobsMax } = this.#options
    const nowMs = clock.nowMs()
    const policy = { nowMs, settledKeepMs, deadKeepMs, settledKeepJobs: this.#keptJobs(nowMs) }
    const startedMs = performance.now()
    const count = await storage.prune(ref, policy, limit)
    const tookMs = performance.now() - startedMs
    if (tookMs > sliceMsMax) this.#sliceJobs = Math.max(sliceJobsMin, Math.floor(limit / 2))
    if (tookMs < sliceMsShort) this.#sliceJobs = Math.min(sliceJobsMax, limit * 2)
    return count
  }

  /** As many as are set, and at least as many as have ended lately; all, until this owner can know that. */
  #keptJobs(nowMs: number): number {
    const { settledKeepJobs, settledKeepAllMs } = this.#options
    const before = this.#counts.findLast(({ atMs }) => nowMs - atMs >= settledKeepAllMs)
    if (before === undefined) return Number.MAX_SAFE_INTEGER
    return Math.max(settledKeepJobs, this.#parts.settled() - before.settled)
  }

  #noteCount(): void {
    const atMs = this.#parts.clock.nowMs()
    const { settledKeepAllMs } = this.#options
    // One that is old enough is needed, and no older one.
    const from = this.#counts.findLastIndex((count) => atMs - count.atMs >= settledKeepAllMs)
    if (from > 0) this.#counts.splice(0, from)
    this.#counts.push({ atMs, settled: this.#parts.settled() })
  }

  /** Nothing is lost by it: the next sweep tries again. A store that is broken is noticed by the commits. */
  #failed(error: unknown): void {
    if (this.#isStopped) return
    const code = isCarbontubeError(error) ? error.code : undefined
    const reason = error instanceof Error ? error.message : String(error)
    this.#parts.logger.warn('old jobs could not be removed from the store', { code, reason })
  }

  #letGo(): void {
    for (const resolve of this.#whenFree.splice(0)) resolve()
  }
}
