/**
 * What pipelines are written with, and what enqueues and asks. Authors of stores find more in
 * `carbontube/storage`; what tests of pipelines need is in `carbontube/testing`.
 *
 * @module
 */
// The list is explicit, and its order and headings are those of the reference (docs/reference).

// Phases and pipelines
export { Phase } from './pipeline/phase.ts'
export { Pipeline } from './pipeline/pipeline.ts'
export { chain, accepts } from './pipeline/chain.ts'
export type { Context, LogFields, PhaseLog } from './pipeline/context.ts'
export { Reject, RetryAfter } from './pipeline/outcome.ts'
export type { PhaseOptions, RetryOptions, PhaseLife } from './pipeline/phase.ts'
export type { PipelineLife } from './pipeline/pipeline.ts'
export type { Duration } from './config/duration.ts'

// The client
export { PipelineClient } from './client/pipeline-client.ts'
export type { JobRequest } from './client/job-request.ts'
export type {
  ClientOptions,
  Enqueued,
  RetryJobOptions,
  DeadJobAnswer,
  Paused,
  ListPage,
} from './client/pipeline-client.ts'
export { traceparentOf } from './runtime/job-trace.ts'

// Stores
export { SqliteStorageBackend } from './storage/sqlite/sqlite-storage.ts'
export type { SqliteStorageOptions } from './storage/sqlite/sqlite-storage.ts'
export { PostgresStorageBackend } from './storage/postgres/postgres-storage.ts'
export type { PostgresStorageOptions } from './storage/postgres/postgres-storage.ts'
export type { SynchronousCommit } from './storage/postgres/sessions.ts'
export { RedisStorageBackend } from './storage/redis/redis-storage.ts'
export type { RedisStorageOptions } from './storage/redis/redis-storage.ts'
export { EphemeralStorageBackend } from './storage/memory/memory-storage.ts'
export type { EphemeralStorageOptions } from './storage/memory/memory-storage.ts'
export type { Durability, Storage, StorageCapabilities, StorageInfo } from './storage/contract.ts'

// Errors and configuration
export { CarbontubeError, isCarbontubeError, type Blame } from './errors/errors.ts'
export type { ErrorCode } from './errors/catalogue.ts'
export { validateConfig } from './config/config-file.ts'

// Types that follow from a pipeline
export type {
  PipelineInput,
  PipelineOutput,
  PipelineName,
  PipelineNamed,
  Pipelines,
  PipelinesIn,
  PipelineClass,
} from './pipeline/pipeline.ts'
export type {
  PhaseClass,
  PhaseInstance,
  ConfiguredOptions,
  ConfiguredPhase,
} from './pipeline/phase.ts'
export type { Chain, Door } from './pipeline/chain.ts'

// What a client is told
export type { SubmitOutcome, DeadOutcome } from './core/effect.ts'
export type { JobAnswer, JobView, SettledItem, PipelineDescription } from './wire/replies.ts'
export type { ListQuery } from './wire/requests.ts'
export type { JobsPage } from './wire/replies.ts'
export type { PipelineStatus } from './client/all-shards.ts'
export type { ManagerStatus, Welcome } from './wire/replies.ts'
export type { ShardStatus, PhaseStatus, WorkerStatus, HeldJob } from './core/status.ts'
export type { Counters } from './core/shard.ts'
export type { PhaseFigures } from './core/phase-figures.ts'
export type { DurationCounts } from './core/duration-counts.ts'
export type { WorkerHealth } from './core/event.ts'
export type { PhaseSpec, RetrySpec } from './core/spec.ts'
