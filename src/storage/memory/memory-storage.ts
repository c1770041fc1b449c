/**
 * A store that keeps everything in the memory of its process and loses it on `close` (class D0). It is the
 * reference: synchronous inside, plain in its rules, and the model that the tests of every other store
 * compare with. For tests, trials and work that may be lost.
 */
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { CommitAnswer, Group } from '../../core/mutation.ts'
import { checkOptions } from '../../errors/check-options.ts'
import { countExactMax } from '../contract.ts'
import type * as contract from '../contract.ts'
import { claimShard, isHeld, owns } from '../ownership.ts'
import { fenced, notOpen } from '../storage-errors.ts'
import { matching, pageOf } from './memory-lists.ts'
import { MemoryShard } from './memory-shard.ts'
import { prunable } from './retention.ts'

/** What may be set of a memory store. */
export interface EphemeralStorageOptions {
  /** The store's clock, for leases; milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number
}

const capabilities: contract.StorageCapabilities = {
  durability: 'D0',
  shared: false,
  persistent: false,
  search: true,
}

/**
 * Keeps everything in the memory of the manager, and loses it when that ends (D0): for tests, trials and work that
 * may be lost. `new EphemeralStorageBackend('resize')`.
 */
export class EphemeralStorageBackend implements contract.Storage {
  readonly #name: string
  readonly #nowMs: () => number
  readonly #shards = new Map<string, MemoryShard>()
  readonly #pipelines = new Map<string, { jobTypes: readonly string[]; lastSeenMs: number }>()
  #open = false

  /**
   * Empty, and of no use to another process.
   *
   * @param pipelineName for people only: any pipeline may use it
   * @param options rarely needed
   */
  constructor(pipelineName = '', options: EphemeralStorageOptions = {}) {
    checkOptions('EphemeralStorageBackend', options, { nowMs: 'function' })
    this.#name = pipelineName === '' ? 'memory' : `memory of ${pipelineName}`
    this.#nowMs = options.nowMs ?? Date.now
  }

  async open(): Promise<void> {
    this.#open = true
  }

  async close(): Promise<void> {
    this.#open = false
    this.#shards.clear()
    this.#pipelines.clear()
  }

  info(): contract.StorageInfo {
    return { description: this.#name, capabilities, schemaVersion: 1 }
  }

  async acquire(
    ref: contract.ShardRef,
    owner: string,
    ttlMs: number,
  ): Promise<contract.AcquireAnswer> {
    const shard = this.#shard(ref)
    const claim = { owner, ttlMs, nowMs: this.#nowMs(), ownerDied: false }
    const { answer, next } = claimShard(shard.ownership, claim)
    if (next !== undefined) shard.ownership = next
    return answer
  }

  async renew(ref: contract.ShardRef, epoch: number, ttlMs: number): Promise<boolean> {
    const shard = this.#shard(ref)
    const { ownership } = shard
    if (ownership === undefined || !owns(ownership, epoch)) return false
    shard.ownership = { ...ownership, untilMs: this.#nowMs() + ttlMs }
    return true
  }

  async release(ref: contract.ShardRef, epoch: number): Promise<void> {
    const shard = this.#shard(ref)
    const { ownership } = shard
    if (ownership === undefined || !owns(ownership, epoch)) return
    shard.ownership = { ...ownership, released: true }
  }

  async owners(pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const nowMs = this.#nowMs()
    const owners = new Map<number, string>()
    for (const shard of shards) {
      const { ownership } = this.#shard({ pipeline, shard })
      if (isHeld(ownership, { nowMs, ownerDied: false })) owners.set(shard, ownership.owner)
    }
    return owners
  }

  async commit(ref: contract.ShardRef, epoch: number, group: Group): Promise<CommitAnswer> {
    const shard = this.#shard(ref)
    if (!owns(shard.ownership, epoch)) throw fenced(ref, epoch, shard.ownership?.epoch)
    return shard.commit(group)
  }

  async summarise(ref: contract.ShardRef): Promise<contract.ShardSummary> {
    return this.#shard(ref).summary()
  }

  async loadReady(
    ref: contract.ShardRef,
    range: { phase: number; after?: contract.ReadyCursor; limit: number },
  ): Promise<readonly JobRecord[]> {
    return this.#shard(ref).ready(range.phase, range.after, range.limit)
  }

  async loadDue(
    ref: contract.ShardRef,
    range: { untilMs: number; after?: contract.DueCursor; limit: number },
  ): Promise<{ jobs: readonly JobRecord[]; nextDueMs?: number }> {
    return this.#shard(ref).due(range)
  }

  async getJobs(ref: contract.ShardRef, ids: readonly string[]): Promise<readonly JobRecord[]> {
    const shard = this.#shard(ref)
    return ids.flatMap((id) => shard.find(id)?.record ?? [])
  }

  async listJobs(
    ref: contract.ShardRef,
    query: contract.JobQuery,
    page: { after?: string; limit: number },
  ): Promise<contract.JobPage> {
    return pageOf(matching(this.#shard(ref), query), page)
  }

  async countJobs(ref: contract.ShardRef, query: contract.JobQuery): Promise<contract.JobCount> {
    const count = matching(this.#shard(ref), query).length
    return { count: Math.min(count, countExactMax), more: count > countExactMax }
  }

  async listAttempts(ref: contract.ShardRef, id: string): Promise<readonly AttemptRecord[]> {
    return this.#shard(ref).find(id)?.attempts ?? []
  }

  async registerPipeline({ name, jobTypes, nowMs }: contract.PipelineRecord): Promise<number> {
    if (!this.#open) throw notOpen(this.#name)
    this.#pipelines.set(name, { jobTypes: [...jobTypes], lastSeenMs: nowMs })
    return 1
  }

  async jobTypesOf(pipeline: string): Promise<readonly string[]> {
    return this.#pipelines.get(pipeline)?.jobTypes ?? []
  }

  async shardsOf(pipeline: string): Promise<number> {
    return this.#pipelines.has(pipeline) ? 1 : 0
  }

  async prune(
    ref: contract.ShardRef,
    policy: contract.RetentionPolicy,
    limit: number,
  ): Promise<number> {
    const shard = this.#shard(ref)
    const gone = prunable(shard, policy, limit)
    shard.remove(gone)
    return gone.length
  }

  #shard(ref: contract.ShardRef): MemoryShard {
    if (!this.#open) throw notOpen(this.#name)
    const key = `${ref.shard}:${ref.pipeline}`
    let shard = this.#shards.get(key)
    if (shard === undefined) this.#shards.set(key, (shard = new MemoryShard(ref)))
    return shard
  }
}
