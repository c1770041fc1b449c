/**
 * The ownership of a shard, renewed while the manager lives. An owner that could not renew in time stops
 * by its own clock before another one may begin.
 */
import { CarbontubeError } from '../errors/errors.ts'
import type { ShardRef, Storage } from '../storage/contract.ts'

/** How long an ownership lasts without a renewal; renewed every third of it. */
const ttlMs = 9_000

interface LeaseParts {
  readonly storage: Storage
  readonly ref: ShardRef
  readonly owner: string
  onLost(error: unknown): void
}

export class Lease {
  readonly epoch: number
  /** The owner before did not release the shard. */
  readonly isAfterUncleanStop: boolean
  readonly #parts: LeaseParts
  #timer: NodeJS.Timeout | undefined
  #renewedMs = performance.now()

  private constructor(
    { epoch, uncleanStop }: { epoch: number; uncleanStop: boolean },
    parts: LeaseParts,
  ) {
    this.epoch = epoch
    this.isAfterUncleanStop = uncleanStop
    this.#parts = parts
    this.#timer = setInterval(() => void this.#renew(), ttlMs / 3)
  }

  /** Throws `CT_STORE_HELD` when somebody else owns the shard. */
  static async acquire(parts: LeaseParts): Promise<Lease> {
    const answer = await parts.storage.acquire(parts.ref, parts.owner, ttlMs)
    if (answer.outcome === 'acquired') return new Lease(answer, parts)
    const { pipeline, shard } = parts.ref
    throw new CarbontubeError(
      'CT_STORE_HELD',
      `shard ${shard} of "${pipeline}" is owned by ${answer.heldBy}`,
      {
        hint: 'Stop that manager, or wait until its ownership ends.',
        details: { heldBy: answer.heldBy, untilMs: answer.untilMs },
      },
    )
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Clean hand-over: the next owner need not wait. */
  async release(): Promise<void> {
    this.stop()
    await this.#parts.storage.release(this.#parts.ref, this.epoch)
  }

  async #renew(): Promise<void> {
    const { storage, ref, onLost } = this.#parts
    try {
      if (await storage.renew(ref, this.epoch, ttlMs)) this.#renewedMs = performance.now()
      else
        onLost(new CarbontubeError('CT_FENCED', `another manager has taken over "${ref.pipeline}"`))
    } catch (error) {
      // The store may come back; but not to an owner whose time is over.
      if (performance.now() - this.#renewedMs > ttlMs) onLost(error)
    }
  }
}
