/**
 * What a store does for a pipeline, in words of the domain: no SQL, key or driver crosses this line.
 * Anyone can write a backend from this file and prove it with `testStorage()` from `carbontube/testing`.
 *
 * The rules that make the promises true:
 * - `commit` is atomic, and durable (to the declared class) before it resolves.
 * - Only the owner of the newest epoch may commit; anybody else is refused as `Fenced`, nothing applied.
 * - The same group id again gets the same answer and changes nothing: an unknown outcome can be retried.
 */
import type { AttemptRecord, JobRecord } from '../core/job.ts'
import type { CommitAnswer, Group } from '../core/mutation.ts'

/**
 * What survives. D0 nothing · D1 a crash of any process · D2 a power cut too (fsync before ack) ·
 * D3 the loss of a node.
 */
export type Durability = 'D0' | 'D1' | 'D2' | 'D3'

export interface StorageCapabilities {
  readonly durability: Durability
  /** Several managers on different machines may use it at once. */
  readonly shared: boolean
  /** Survives `close` and `open`. */
  readonly persistent: boolean
  /** `listJobs` can look into error texts and instructions. */
  readonly search: boolean
}

export interface StorageInfo {
  /** Name for people: `SQLite 3.50 at ./.carbontube/x.db`. */
  readonly description: string
  readonly capabilities: StorageCapabilities
  readonly schemaVersion: number
}

/** A shard of a pipeline: the unit of ownership. */
export interface ShardRef {
  readonly pipeline: string
  readonly shard: number
}

export type AcquireAnswer =
  | {
      readonly outcome: 'acquired'
      /** `max(previous + 1, microseconds by the store's clock)`. */
      readonly epoch: number
      /** The last owner of this shard did not release it. */
      readonly uncleanStop: boolean
    }
  | { readonly outcome: 'held'; readonly heldBy: string; readonly untilMs: number }

/** What a new owner needs to know before it loads anything. */
export interface ShardSummary {
  /** Highest sequence ever inserted; 0 when none. */
  readonly lastSequence: number
  /** Jobs that wait, by phase index. Missing = 0. */
  readonly phases: readonly { phase: number; ready: number; scheduled: number }[]
  readonly settled: { readonly done: number; readonly dead: number; readonly cancelled: number }
  /** Earliest due time of a scheduled job. */
  readonly nextDueMs?: number
  /** Paused phases; −1 = the whole pipeline. */
  readonly paused: readonly number[]
  /** Unsettled jobs whose record says with whom they have been running (`running`), in order of arrival. */
  readonly noted: readonly JobRecord[]
}

/** A pipeline as a manager presents it. */
export interface PipelineRecord {
  readonly name: string
  readonly jobTypes: readonly string[]
  /** Shards to create it with; of no account when it is there already. */
  readonly shards: number
  readonly nowMs: number
}

/** Place in the order in which ready jobs are granted: priority descending, then sequence ascending. */
export interface ReadyCursor {
  readonly priority: number
  readonly sequence: number
}

/** Place in the order in which scheduled jobs are due: due time, then sequence. */
export interface DueCursor {
  readonly dueMs: number
  readonly sequence: number
}

export interface JobQuery {
  readonly state?: JobRecord['state'] | 'unsettled'
  readonly phase?: number
  /** Substring of the last error, case-insensitive. */
  readonly error?: string
  /** Enqueued before this. */
  readonly enqueuedBeforeMs?: number
}

export interface JobPage {
  readonly jobs: readonly JobRecord[]
  /** Pass it to get the next page; absent on the last one. */
  readonly next?: string
}

/** Exact up to `countExactMax`; `more` says that there are more than `count`. */
export interface JobCount {
  readonly count: number
  readonly more: boolean
}

export const countExactMax = 10_000

export interface RetentionPolicy {
  readonly nowMs: number
  readonly settledKeepMs: number
  /** Newest done and cancelled jobs kept, whatever their age allows. */
  readonly settledKeepJobs: number
  readonly deadKeepMs: number
}

export interface Storage {
  /** Opens or creates; refuses a file or schema that is not ours with a `StorageError`, changing nothing. */
  open(): Promise<void>
  /** Legal before `open`, and twice. */
  close(): Promise<void>
  info(): StorageInfo

  acquire(ref: ShardRef, owner: string, ttlMs: number): Promise<AcquireAnswer>
  /** `false`: the ownership is lost. */
  renew(ref: ShardRef, epoch: number, ttlMs: number): Promise<boolean>
  /** Clean hand-over: the next `acquire` need not wait, and sees `uncleanStop: false`. */
  release(ref: ShardRef, epoch: number): Promise<void>

  /** Who owns which of these shards by now; those that anybody could acquire are left out. */
  owners(pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>>

  /** Throws `Fenced`, `StoreFull` (nothing applied), or `OutcomeUnknown` (try the same group again). */
  commit(ref: ShardRef, epoch: number, group: Group): Promise<CommitAnswer>

  summarise(ref: ShardRef): Promise<ShardSummary>
  /** Ready jobs of a phase strictly after the cursor (from the start without), in granting order. */
  loadReady(
    ref: ShardRef,
    range: { phase: number; after?: ReadyCursor; limit: number },
  ): Promise<readonly JobRecord[]>
  /**
   * Scheduled jobs strictly after the cursor (from the start without) that are due at or before `untilMs`,
   * earliest first; and when the next one behind them is due.
   */
  loadDue(
    ref: ShardRef,
    range: { untilMs: number; after?: DueCursor; limit: number },
  ): Promise<{ jobs: readonly JobRecord[]; nextDueMs?: number }>
  getJobs(ref: ShardRef, ids: readonly string[]): Promise<readonly JobRecord[]>

  /** For people: newest first, a page at a time; at most 100 a page. */
  listJobs(
    ref: ShardRef,
    query: JobQuery,
    page: { after?: string; limit: number },
  ): Promise<JobPage>
  countJobs(ref: ShardRef, query: JobQuery): Promise<JobCount>
  listAttempts(ref: ShardRef, id: string): Promise<readonly AttemptRecord[]>

  /**
   * Remembers the pipeline's phases, for people and for `doctor`; creates it when it is new. Answers the
   * number of shards that it was created with, which never changes: of two who create it at once, one is
   * first. Needs no ownership. Always 1 where one process has the store to itself.
   */
  registerPipeline(pipeline: PipelineRecord): Promise<number>
  /** Number of the pipeline's shards; 0: it was never created. */
  shardsOf(pipeline: string): Promise<number>
  /**
   * Removes at most `limit` settled jobs that the policy lets go; answers how many. Never unsettled ones.
   * Whoever calls it holds it off while a `redrive` or `discard` is under way.
   */
  prune(ref: ShardRef, policy: RetentionPolicy, limit: number): Promise<number>
  /**
   * Looks through all of it for damage, beside the owner's work; answers a line for each problem. Asked for
   * after an unclean stop. `close` ends it with CT_STOPPED. Absent where there is nothing to look through.
   */
  check?(): Promise<readonly string[]>
}
