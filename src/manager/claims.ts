/**
 * Which shards of a pipeline this manager owns. The store alone knows who is there: each manager holds a
 * seat, an ownership without jobs numbered behind the shards, and so everybody can count the managers and
 * work out the same equal shares. Who has too many hands one over; who has too few takes what is free.
 * Of a pipeline with one shard this is the wait of a standby. Nothing here speaks to another manager.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { LimitedLog, type Logger } from '../runtime/logger.ts'
import type { Storage } from '../storage/contract.ts'
import { diedHere, Lease } from './lease.ts'

/** A look at the ownerships; part of the time that a failover takes. */
const lookMs = 500
/** While shards go from one to another: none of them should be nobody's for long. */
const balancingLookMs = 50

/** The store is away or full, or somebody else was faster: a reason to look again. */
const passing: readonly unknown[] = [
  ...['CT_FENCED', 'CT_STORE_FAILED', 'CT_STORE_FULL', 'CT_OUTCOME_UNKNOWN', 'CT_UNREACHABLE'],
]

export interface ClaimsParts {
  readonly storage: Storage
  readonly pipeline: string
  /** Of the pipeline. */
  readonly shards: number
  /** Of `ownerName`. */
  readonly owner: string
  readonly logger: Logger
  nowMs(): number
  /** Those that are owned now. */
  owned(): readonly number[]
  /** A lease was acquired. Rejects when the shard could not be opened; the lease is then released. */
  take(shard: number, lease: Lease): Promise<void>
  /** Somebody else should have it. */
  handOver(shard: number): Promise<void>
  /** There is nothing to own: told once for each owner of the first shard. */
  onHeld(heldBy: string): void
  /** By its owner's clock or by the store's word. */
  onLost(shard: number, error: unknown): void
}

/** How many of the shards the manager in this place should own: equal shares, the first ones get the rest. */
export function shareOf(shards: number, managers: number, place: number): number {
  return Math.floor(shards / managers) + (place < shards % managers ? 1 : 0)
}

/** Whether an error of the store, or of another owner, is no reason to end a manager of a shared store. */
export function isPassing(error: unknown, storage: Storage): boolean {
  const { shared } = storage.info().capabilities
  return shared && isCarbontubeError(error) && passing.includes(error.code)
}

export class Claims {
  readonly #parts: ClaimsParts
  readonly #unanswered: LimitedLog
  readonly #numbers: readonly number[]
  #seat: { readonly number: number; readonly lease: Lease } | undefined
  #heldBy: string | undefined
  #isStopped = false
  #isBalanced = true
  #wake: () => void = () => {}

  constructor(parts: ClaimsParts) {
    this.#parts = parts
    this.#unanswered = new LimitedLog(parts.nowMs, parts.logger.warn)
    this.#numbers = Array.from({ length: 2 * parts.shards }, (_, number) => number)
  }

  /**
   * Until `stop`. Rejects with what ends the manager: a store of one process that another one has, an error
   * of the store before the first look, or of opening a shard.
   */
  async run(): Promise<void> {
    const { storage } = this.#parts
    for (let looks = 0; !this.#isStopped; looks++) {
      try {
        await this.#look()
      } catch (error) {
        if (looks === 0 || !isPassing(error, storage)) throw error
        const reason = error instanceof Error ? error.message : String(error)
        this.#unanswered.log('the shards cannot be looked after', { reason })
      }
      await this.#pause()
    }
  }

  /** Something was lost: it may be free. */
  lookAgain(): void {
    this.#wake()
  }

  stop(): void {
    this.#isStopped = true
    this.#wake()
  }

  /** Who else owns shards of the pipeline. */
  async others(): Promise<readonly string[]> {
    const { shards } = this.#parts
    // Of one shard there is one owner, who is here when this is asked.
    if (shards === 1) return []
    const owners = await this.#owners()
    return [...new Set(this.#numbers.slice(0, shards).flatMap((shard) => owners.get(shard) ?? []))]
  }

  /** After `stop`, when the shards have been handed over. */
  async leave(): Promise<void> {
    const seat = this.#seat
    this.#seat = undefined
    await seat?.lease.release().catch(() => undefined)
  }

  async #look(): Promise<void> {
    const { shards, owned, handOver } = this.#parts
    if (shards === 1) {
      if (owned().length === 0) await this.#claim(0)
      return
    }
    const owners = await this.#owners()
    const wanted = await this.#share(owners)
    const surplus = owned().length > wanted ? owned().at(-1) : undefined
    if (surplus !== undefined) {
      // One at a time: each of them stands still for a moment.
      this.#isBalanced = false
      return handOver(surplus)
    }
    for (const shard of this.#numbers.slice(0, shards)) {
      if (this.#isStopped || owned().length >= wanted) break
      if (!owners.has(shard) && !owned().includes(shard)) await this.#claim(shard)
    }
    const [first] = owners.values()
    if (owned().length === 0 && first !== undefined) this.#held(first)
    this.#isBalanced = owned().length === wanted
  }

  /** Shards and seats that others have, and are there for. */
  async #owners(): Promise<ReadonlyMap<number, string>> {
    const { storage, pipeline, owner } = this.#parts
    const all = await storage.owners(pipeline, this.#numbers)
    return new Map([...all].filter(([, name]) => name !== owner && !diedHere(name, owner)))
  }

  /** A manager without a seat has no share: there are as many managers as shards already. */
  async #share(owners: ReadonlyMap<number, string>): Promise<number> {
    const { shards } = this.#parts
    const seats = this.#numbers.slice(shards)
    if (this.#seat === undefined) await this.#sitDown(seats.filter((seat) => !owners.has(seat)))
    const own = this.#seat?.number
    if (own === undefined) return 0
    const taken = seats.filter((seat) => seat === own || owners.has(seat))
    return shareOf(shards, taken.length, taken.indexOf(own))
  }

  async #sitDown(free: readonly number[]): Promise<void> {
    const { storage, pipeline, owner } = this.#parts
    for (const number of free) {
      const ref = { pipeline, shard: number }
      const onLost = () => this.#standUp(number)
      const lease = await Lease.acquire({ storage, ref, owner, onLost })
      if (!(lease instanceof Lease)) continue
      this.#seat = { number, lease }
      return
    }
  }

  /** Others count without this one by now. */
  #standUp(number: number): void {
    if (this.#seat?.number !== number) return
    this.#seat.lease.stop()
    this.#seat = undefined
  }

  async #claim(shard: number): Promise<void> {
    const { storage, pipeline, owner, take, onLost } = this.#parts
    const ref = { pipeline, shard }
    const lease = await Lease.acquire({
      ...{ storage, ref, owner, onLost: (error: unknown) => onLost(shard, error) },
    })
    if (lease instanceof Lease) {
      this.#heldBy = undefined
      return take(shard, lease)
    }
    if (!storage.info().capabilities.shared) throw this.#hopeless(shard, lease)
    if (this.#parts.shards === 1) this.#held(lease.heldBy)
  }

  #held(heldBy: string): void {
    if (heldBy !== this.#heldBy) this.#parts.onHeld(heldBy)
    this.#heldBy = heldBy
  }

  async #pause(): Promise<void> {
    const { shards, owned } = this.#parts
    const waits = [new Promise<unknown>((resolve) => (this.#wake = () => resolve(undefined)))]
    // Who owns all there is has nothing to look for.
    if (shards > 1 || owned().length === 0)
      waits.push(sleep(this.#isBalanced ? lookMs : balancingLookMs))
    if (!this.#isStopped) await Promise.race(waits)
  }

  #hopeless(shard: number, { heldBy, untilMs }: { heldBy: string; untilMs: number }): Error {
    return new CarbontubeError(
      'CT_STORE_HELD',
      `shard ${shard} of "${this.#parts.pipeline}" is owned by ${heldBy}`,
      {
        hint: 'Stop that manager, or wait until its ownership ends.',
        details: { heldBy, untilMs },
      },
    )
  }
}
