/** The public API: an explicit list, nothing else. */
export { Phase } from './pipeline/phase.ts'
export type {
  ConfiguredOptions,
  ConfiguredPhase,
  PhaseClass,
  PhaseOptions,
  RetryOptions,
} from './pipeline/phase.ts'
export { Pipeline } from './pipeline/pipeline.ts'
export type {
  PipelineClass,
  PipelineInput,
  PipelineName,
  PipelineNamed,
  PipelineOutput,
  Pipelines,
  PipelinesIn,
} from './pipeline/pipeline.ts'
export { accepts, chain, type Chain } from './pipeline/chain.ts'
export type { Context, PhaseLog } from './pipeline/context.ts'
export { Reject, RetryAfter } from './pipeline/outcome.ts'
export type { Duration } from './config/duration.ts'
export { validateConfig } from './config/config-file.ts'
export { PipelineClient } from './client/pipeline-client.ts'
export type {
  ClientOptions,
  DeadJobAnswer,
  Enqueued,
  JobRequest,
  Paused,
  RetryJobOptions,
} from './client/pipeline-client.ts'
export { traceparentOf } from './runtime/job-trace.ts'
export { CarbontubeError, isCarbontubeError, type Blame } from './errors/errors.ts'
export type { ErrorCode } from './errors/catalogue.ts'
export { EphemeralStorageBackend } from './storage/memory/memory-storage.ts'
export { SqliteStorageBackend } from './storage/sqlite/sqlite-storage.ts'
export type { SqliteStorageOptions } from './storage/sqlite/sqlite-storage.ts'
export { RedisStorageBackend } from './storage/redis/redis-storage.ts'
export type { RedisStorageOptions } from './storage/redis/redis-storage.ts'
export { PostgresStorageBackend } from './storage/postgres/postgres-storage.ts'
export type { PostgresStorageOptions } from './storage/postgres/postgres-storage.ts'
export type { Durability, Storage, StorageCapabilities, StorageInfo } from './storage/contract.ts'
