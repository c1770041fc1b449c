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

/** What a store can do; the tests of a backend hold it to that. */
export interface StorageCapabilities {
  /** What an acknowledged job survives. */
  readonly durability: Durability
  /** Several managers on different machines may use it at once. */
  readonly shared: boolean
  /** Survives `close` and `open`. */
  readonly persistent: boolean
  /** `listJobs` can look into error texts and instructions. */
  readonly search: boolean
}

/** What a store says of itself. */
export interface StorageInfo {
  /** Name for people: `SQLite 3.50 at ./.carbontube/x.db`. */
  readonly description: string
  /** Of an open store they are exact: those of a server depend on its settings. */
  readonly capabilities: StorageCapabilities
  /** Of what it writes; a store refuses data of a newer one. */
  readonly schemaVersion: number
}

/** A shard of a pipeline: the unit of ownership. */
export interface ShardRef {
  /** Name of the pipeline. */
  readonly pipeline: string
  /** From 0. */
  readonly shard: number
}

/**
 * What `acquire` answers. `held`: another owner has the shard, until then at least; in milliseconds since 1970
 * by the store's clock.
 */
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
  /** Settled jobs that are kept. */
  readonly settled: { readonly done: number; readonly dead: number; readonly cancelled: number }
  /** Earliest due time of a scheduled job, in milliseconds since 1970; absent without one. */
  readonly nextDueMs?: number
  /** Paused phases; −1 = the whole pipeline. */
  readonly paused: readonly number[]
  /** Unsettled jobs whose record says with whom they have been running (`running`), in order of arrival. */
  readonly noted: readonly JobRecord[]
}

/** A pipeline as a manager presents it. */
export interface PipelineRecord {
  /** Its name. */
  readonly name: string
  /** Job types of its phases, in order. */
  readonly jobTypes: readonly string[]
  /** Shards to create it with; of no account when it is there already. */
  readonly shards: number
  /** Milliseconds since 1970: when a manager presented it last. */
  readonly nowMs: number
}

/** Place in the order in which ready jobs are granted: priority descending, then sequence ascending. */
export interface ReadyCursor {
  /** Of the last job of the page before, −10 … 10. */
  readonly priority: number
  /** Of the last job of the page before. */
  readonly sequence: number
}

/** Place in the order in which scheduled jobs are due: due time, then sequence. */
export interface DueCursor {
  /** Of the last job of the page before, in milliseconds since 1970. */
  readonly dueMs: number
  /** Of the last job of the page before. */
  readonly sequence: number
}

/** Which jobs a list is about: those that have all that is given; every job when nothing is. */
export interface JobQuery {
  /** `unsettled`: ready or scheduled. */
  readonly state?: JobRecord['state'] | 'unsettled'
  /** Index of the phase, from 0. */
  readonly phase?: number
  /** Substring of the last error, case-insensitive. */
  readonly error?: string
  /** Enqueued before this, in milliseconds since 1970. */
  readonly enqueuedBeforeMs?: number
}

/** A page of a list. */
export interface JobPage {
  /** Newest first. */
  readonly jobs: readonly JobRecord[]
  /** Pass it to get the next page; absent on the last one. */
  readonly next?: string
}

/** How many jobs a query finds: exact up to `countExactMax`. */
export interface JobCount {
  /** At most `countExactMax`. */
  readonly count: number
  /** There are more than `count`. */
  readonly more: boolean
}

/** As far as jobs are counted for a list: a million rows are not read for a number that nobody needs. */
export const countExactMax = 10_000

/** Which settled jobs are kept, and for how long. */
export interface RetentionPolicy {
  /** Now, in milliseconds since 1970. */
  readonly nowMs: number
  /** For how long done and cancelled jobs are kept, in milliseconds. */
  readonly settledKeepMs: number
  /** Newest done and cancelled jobs kept, whatever their age allows. */
  readonly settledKeepJobs: number
  /** For how long dead jobs are kept, in milliseconds. */
  readonly deadKeepMs: number
}

/**
 * What every store does. A pipeline is given one as `backend`; only authors of backends call or write these
 * methods. `commit` is atomic, and durable (to the declared class) before it resolves. Only the owner of the
 * newest epoch may commit. All but `open`, `close` and `info` throw CT_STORE_FAILED while the store is not open,
 * or when it cannot do it; nothing is changed then.
 */
export interface Storage {
  /**
   * Opens or creates. Throws CT_STORE_FOREIGN for a file or schema that is not ours, changing nothing;
   * CT_STORE_HELD when another process has it; CT_MISSING_DRIVER when its package is not installed.
   */
  open(): Promise<void>
  /** Legal before `open`, and twice. */
  close(): Promise<void>
  /** What it is and what it can do; also before `open`, then less exactly. */
  info(): StorageInfo

  /**
   * Makes `owner` the owner of a shard for `ttlMs` milliseconds, under a new epoch, unless another owner has it.
   * The same owner again gets a new epoch at once.
   */
  acquire(ref: ShardRef, owner: string, ttlMs: number): Promise<AcquireAnswer>
  /** The lease ends `ttlMs` milliseconds from now. `false`: the ownership is lost. */
  renew(ref: ShardRef, epoch: number, ttlMs: number): Promise<boolean>
  /** Clean hand-over: the next `acquire` need not wait, and sees `uncleanStop: false`. */
  release(ref: ShardRef, epoch: number): Promise<void>

  /** Who owns which of these shards by now; those that anybody could acquire are left out. */
  owners(pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>>

  /**
   * Applies a group, all of it or nothing. Throws CT_FENCED when a newer epoch was given out, CT_STORE_FULL,
   * CT_INTERNAL when a mutation does not fit what is stored (all three: nothing was applied), or
   * CT_OUTCOME_UNKNOWN: then the same group is tried again.
   */
  commit(ref: ShardRef, epoch: number, group: Group): Promise<CommitAnswer>

  /** Counts of a shard, and what a new owner has to know at once. */
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
  /** The jobs with these ids, in any order; ids that are not there are left out. */
  getJobs(ref: ShardRef, ids: readonly string[]): Promise<readonly JobRecord[]>

  /**
   * For people: newest first, a page at a time; at most 100 a page. `after` is the `next` of the page before.
   * Throws CT_BAD_OPTION for a cursor that it did not make.
   */
  listJobs(
    ref: ShardRef,
    query: JobQuery,
    page: { after?: string; limit: number },
  ): Promise<JobPage>
  /** How many there are, for people. */
  countJobs(ref: ShardRef, query: JobQuery): Promise<JobCount>
  /** The history of a job, oldest attempt first; empty when there is no such job. */
  listAttempts(ref: ShardRef, id: string): Promise<readonly AttemptRecord[]>

  /**
   * Remembers the pipeline's phases, for people and for `doctor`; creates it when it is new. Answers the
   * number of shards that it was created with, which never changes: of two who create it at once, one is
   * first. Needs no ownership. Always 1 where one process has the store to itself.
   */
  registerPipeline(pipeline: PipelineRecord): Promise<number>
  /**
   * Job types as the pipeline was presented last; none when it never was. Without it nobody sees that a chain was
   * changed under jobs that wait.
   */
  jobTypesOf?(pipeline: string): Promise<readonly string[]>
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
