/**
 * What comes through the doors, passed to the shard that it is about: a request to the shard of its jobs, a
 * report to the owner that its stream names. What a manager says of itself as a whole is answered here.
 */
import type { Event } from '../core/event.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { newJobId } from '../runtime/entropy.ts'
import type { Frames } from '../transport/contract.ts'
import { unpackHeader } from '../wire/header.ts'
import type { ManagerStatus, PipelineDescription, Reply, Welcome } from '../wire/replies.ts'
import { decodeRequest, type EnqueueItem, type Request } from '../wire/requests.ts'
import { byShard, shardOf } from '../wire/shard-of.ts'
import { WireError } from '../wire/wire-error.ts'
import type { Receiver } from './doors.ts'
import type { OwnedShard } from './owned-shard.ts'
import type { Asked, ShardRequest } from './requests.ts'

export interface ReceptionParts {
  readonly pipeline: string
  /** Of the pipeline; known once the store was asked. */
  shards(): number
  /** Those of this manager that have taken over what the store has, by number. */
  readonly owned: ReadonlyMap<number, OwnedShard>
  welcome(): Welcome
  status(): Promise<ManagerStatus>
  readonly description: PipelineDescription
  reply(peer: string, reply: Reply): void
  onRejected(error: unknown): void
}

export class Reception implements Receiver {
  readonly #parts: ReceptionParts

  constructor(parts: ReceptionParts) {
    this.#parts = parts
  }

  /** A request. Never throws: what a peer sent is the peer's fault. */
  receive(peer: string, frames: Frames): void {
    let request = 0
    try {
      const header = unpackHeader(frames[0])
      if (typeof header['request'] === 'number') request = header['request']
      const decoded = decodeRequest(header, frames)
      void this.#answer(peer, decoded).catch((error: unknown) => this.#refuse(peer, request, error))
    } catch (error) {
      this.#refuse(peer, request, error)
    }
  }

  /** Jobs of a plain PUSH client: nobody waits for an answer. Those of other managers' shards are dropped. */
  async submitUnacknowledged(pipeline: string, jobs: readonly EnqueueItem[]): Promise<void> {
    // All shards may have been lost a moment ago, and no id would belong here.
    if (this.#parts.owned.size === 0) {
      return this.#parts.onRejected(notOwner(this.#parts.pipeline))
    }
    const named = jobs.map((job) => this.#named(job))
    const shares = [...byShard(named, ({ id }) => id, this.#parts.shards())]
    // At once, so that the jobs of each shard count from now on.
    await Promise.all(shares.map(([number, some]) => this.#submit(number, pipeline, some)))
  }

  async #submit(number: number, pipeline: string, jobs: readonly EnqueueItem[]): Promise<void> {
    try {
      await this.#owner(number).requests.submitUnacknowledged(pipeline, jobs)
    } catch (error) {
      this.#parts.onRejected(error)
    }
  }

  /** What a worker said, or that somebody listens. */
  handle(event: Event): void {
    const { owned } = this.#parts
    // What is on a stream is for the owner of its shard, be it a later one; who says it, for all.
    const { pipeline, shard, info } = event.type === 'WorkerReported' ? event.report : {}
    const isOfOne = pipeline === this.#parts.pipeline && info === undefined
    if (isOfOne && shard !== undefined) return owned.get(shard)?.handle(event)
    for (const one of owned.values()) one.handle(event)
  }

  async #answer(peer: string, decoded: Request): Promise<void> {
    const { request } = decoded
    const { reply, welcome, status, description } = this.#parts
    if (decoded.type === 'hello') reply(peer, { type: 'welcome', request, welcome: welcome() })
    else if (decoded.type === 'describe') reply(peer, { type: 'described', request, description })
    else if (decoded.type === 'status') {
      reply(peer, { type: 'status', request, status: await status() })
    } else await this.#owner(this.#shardAskedFor(decoded)).requests.answer(peer, decoded)
  }

  /** Jobs name their shard themselves; what is not about a job has to. */
  #shardAskedFor(decoded: ShardRequest): number {
    const named = 'shard' in decoded ? decoded.shard : undefined
    if (named !== undefined) return named
    if (this.#parts.shards() === 1) return 0
    switch (decoded.type) {
      case 'enqueue':
        return this.#shardOfAll(decoded.jobs.map(({ id }) => id))
      case 'wait':
      case 'redrive':
      case 'discard':
        return this.#shardOfAll(decoded.ids)
      case 'get':
      case 'cancel':
        return this.#shardOf(decoded.id)
      case 'list':
      case 'pause':
      case 'resume':
      case 'drain':
      case 'resumeWorker':
        throw new WireError('malformed', `of which shard: "${decoded.type}" needs a "shard"`)
    }
  }

  #shardOfAll(ids: readonly string[]): number {
    const shards = new Set(ids.map((id) => this.#shardOf(id)))
    const [shard = 0] = shards
    if (shards.size <= 1) return shard
    throw new WireError('malformed', 'one request is about jobs of one shard')
  }

  #shardOf(id: string): number {
    return shardOf(id, this.#parts.shards())
  }

  #owner(number: number): OwnedShard {
    const owned = this.#parts.owned.get(number)
    if (owned !== undefined && !owned.isLeaving) return owned
    throw notOwner(this.#parts.pipeline, number)
  }

  /** A job without an id gets one that belongs here. */
  #named(job: EnqueueItem): EnqueueItem {
    if (job.id !== '') return job
    for (;;) {
      const id = newJobId()
      if (this.#parts.owned.has(this.#shardOf(id))) return { ...job, id }
    }
  }

  /** A request that waited for an answer of a shard that is no longer here. */
  disown({ peer, request }: Asked, shard: number): void {
    this.#refuse(peer, request, notOwner(this.#parts.pipeline, shard))
  }

  #refuse(peer: string, request: number, error: unknown): void {
    const known = isCarbontubeError(error) ? error : undefined
    const code = known?.code ?? (error instanceof WireError ? 'CT_PROTOCOL' : 'CT_INTERNAL')
    const message = error instanceof Error ? error.message : String(error)
    if (known === undefined) this.#parts.onRejected(error)
    const hint = known?.hint ?? ''
    this.#parts.reply(peer, { type: 'error', request, code, message, hint, retryAfterMs: 0 })
  }
}

/** Without a shard: this manager has none. */
function notOwner(pipeline: string, shard?: number): CarbontubeError {
  const which = shard === undefined ? 'all shards' : `shard ${shard}`
  return new CarbontubeError('CT_NOT_OWNER', `another manager has ${which} of "${pipeline}"`, {
    hint: 'Give the client the addresses of all managers of the pipeline.',
    details: given({ shard }),
  })
}
