/** What a manager is made of: its pipeline, where it keeps jobs, where it listens, whom it tells what. */
import type { Limits } from '../core/limits.ts'
import type { PipelineSpec } from '../core/spec.ts'
import type { PassCheckpoint } from '../runtime/checkpoint.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Storage } from '../storage/contract.ts'
import type { Transport } from '../transport/contract.ts'
import type { DoorAddresses } from './doors.ts'
import type { InputCheck } from './input-checks.ts'
import type { RetentionOptions } from './retention.ts'

export interface ManagerOptions {
  readonly spec: PipelineSpec
  readonly storage: Storage
  readonly transport: Transport
  readonly logger: Logger
  readonly doors: DoorAddresses
  readonly version: string
  /** Into how many shards a new pipeline is divided; default 1, and what it was created with ever after. */
  readonly shards?: number
  /** Name for people; default `<host>:<pid>`. */
  readonly managerId?: string
  readonly limits?: Partial<Limits>
  readonly retention?: Partial<RetentionOptions>
  readonly clock?: Clock
  readonly checkInput?: InputCheck
  /** JSON Schema of what may be enqueued, as text, for people and forms. */
  readonly inputSchema?: string
  readonly checkpoint?: PassCheckpoint | undefined
  /** Others own all shards: this manager stands by, and is told once for each owner. */
  onStandby?(heldBy: string): void
  /** It owns a shard, after it has owned none. */
  onOwning?(): void
  /** The store has a newer owner that will not go, or is broken: the manager has stopped by itself. */
  onFatal(error: unknown): void
}
