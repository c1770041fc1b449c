/** A store that several managers of one test use at once. */
import { CarbontubeError } from '../../src/errors/errors.ts'
import type { Durability, PipelineRecord, ShardRef, Storage } from '../../src/storage/contract.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'

/** As a server: it lives longer than those who use it, its clock is its own, and it may not answer. */
export class SharedStorage extends EphemeralStorageBackend {
  isAway = false
  isFull = false
  durability: Durability = 'D2'
  asked = 0
  #shards: number | undefined

  override async acquire(...wish: Parameters<Storage['acquire']>) {
    this.#answer()
    return await super.acquire(...wish)
  }
  override async renew(...lease: Parameters<Storage['renew']>) {
    this.#answer()
    return await super.renew(...lease)
  }
  override async release(...lease: Parameters<Storage['release']>) {
    this.#answer()
    return await super.release(...lease)
  }
  override async summarise(of: ShardRef) {
    this.#answer()
    return await super.summarise(of)
  }
  override async getJobs(...wanted: Parameters<Storage['getJobs']>) {
    this.#answer()
    return await super.getJobs(...wanted)
  }
  #answer(): void {
    this.asked += 1
    if (this.isAway) throw new CarbontubeError('CT_UNREACHABLE', 'it does not answer')
    if (this.isFull) throw new CarbontubeError('CT_STORE_FULL', 'it has no room')
  }
  override info() {
    const info = super.info()
    const { durability } = this
    return { ...info, capabilities: { ...info.capabilities, shared: true, durability } }
  }
  override async registerPipeline(pipeline: PipelineRecord): Promise<number> {
    await super.registerPipeline(pipeline)
    this.#shards ??= pipeline.shards
    return this.#shards
  }
  override async shardsOf(): Promise<number> {
    return this.#shards ?? 0
  }
  /** As one that was emptied: its owner loses the shard, and no pipeline is known. */
  async empty(ref: ShardRef): Promise<void> {
    this.#shards = undefined
    const held = await super.acquire(ref, 'nobody', 1)
    if (held.outcome === 'acquired') return
    const taken = await super.acquire(ref, held.heldBy, 1)
    if (taken.outcome === 'acquired') await super.release(ref, taken.epoch)
  }
  override async close(): Promise<void> {}
}
