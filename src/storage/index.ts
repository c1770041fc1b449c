/**
 * `carbontube/storage`: for authors of storage backends. The contract and what its records are made of, and
 * the rules that every backend shares. An explicit list.
 */
export { countExactMax } from './contract.ts'
export type {
  AcquireAnswer,
  DueCursor,
  Durability,
  JobCount,
  JobPage,
  JobQuery,
  PipelineRecord,
  ReadyCursor,
  RetentionPolicy,
  ShardRef,
  ShardSummary,
  Storage,
  StorageCapabilities,
  StorageInfo,
} from './contract.ts'
export type {
  AttemptError,
  AttemptRecord,
  DeathReason,
  JobRecord,
  RunningNote,
} from '../core/job.ts'
export type { CommitAnswer, Expected, Group, InsertAnswer, Mutation } from '../core/mutation.ts'

// Who owns a shard.
export { claimShard, isHeld, owns } from './ownership.ts'
export type { Claim, ClaimOutcome, Ownership } from './ownership.ts'

// What a mutation does to a job, and what a query means.
export { changed, misfit, type JobMutation, type StoredJob } from './transitions.ts'
export { fitsQuery } from './job-query.ts'

// How long a history and a page may be.
export {
  appliedTokens,
  boundedAttempt,
  historyBytesMax,
  lastErrorBytesMax,
  lastErrorOf,
  messageBytesMax,
  stackBytesMax,
} from './attempt-history.ts'
export { pageJobsMax, pageLimit, sequenceOfCursor } from './page-cursor.ts'

// What a store may throw.
export {
  badCursor,
  fenced,
  flushFailed,
  groupLate,
  groupLost,
  mutationMisfit,
  notOpen,
  outcomeUnknown,
  readOnlyStore,
  storeFailed,
  storeForeign,
  storeFull,
  storeHeld,
} from './storage-errors.ts'
