/**
 * For authors of storage backends: the contract, what its records are made of, and the rules that every backend
 * shares. [How to write one](../how-to/write-a-backend.md) has an example.
 *
 * @module
 */
// The list is explicit, and its order and headings are those of the reference (docs/reference).

// The contract
export type { Storage } from './contract.ts'
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
  StorageCapabilities,
  StorageInfo,
} from './contract.ts'

// Jobs and what changes them
export type {
  AttemptError,
  AttemptRecord,
  DeathReason,
  JobRecord,
  RunningNote,
} from '../core/job.ts'
export type { CommitAnswer, Expected, Group, InsertAnswer, Mutation } from '../core/mutation.ts'

// Who owns a shard
export { claimShard, isHeld, owns } from './ownership.ts'
export type { Claim, ClaimOutcome, Ownership } from './ownership.ts'

// What a mutation does to a job, and what a query means
export { changed, misfit, type JobMutation, type StoredJob } from './transitions.ts'
export { fitsQuery } from './job-query.ts'

// How long a history and a page may be
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

// What a store may throw
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
