/**
 * The ownership of a shard, renewed while the manager lives. An owner that could not renew in time stops
 * by its own clock before another one may begin.
 */
import { hostname } from 'node:os'
import { CarbontubeError } from '../errors/errors.ts'
import { newNonce } from '../runtime/entropy.ts'
import { processIdScope } from '../runtime/this-machine.ts'
import type { AcquireAnswer, ShardRef, Storage } from '../storage/contract.ts'

/** How long an ownership lasts without a renewal; renewed every third of it. */
export const leaseMs = 9_000

/** Until a renewal that failed is tried again: the store may be back long before the next one is due. */
const retryMs = 500

export interface LeaseParts {
  readonly storage: Storage
  readonly ref: ShardRef
  /** Of `ownerName`. */
  readonly owner: string
  onLost(error: unknown): void
}

type Acquired = Extract<AcquireAnswer, { outcome: 'acquired' }>
type Held = Extract<AcquireAnswer, { outcome: 'held' }>

/** Both clocks of a process: one stands still while its host is suspended, the other may be set. */
interface Clocks {
  readonly wallMs: number
  readonly runningMs: number
}

export class Lease {
  readonly epoch: number
  /** The owner before did not release the shard. */
  readonly isAfterUncleanStop: boolean
  readonly #parts: LeaseParts
  readonly #isShared: boolean
  #timer: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  /** When the last renewal that succeeded was asked for: the store counts from a moment after it. */
  #renewedAt: Clocks

  private constructor(
    { epoch, uncleanStop }: Pick<Acquired, 'epoch' | 'uncleanStop'>,
    parts: LeaseParts,
    askedAt: Clocks,
  ) {
    this.epoch = epoch
    this.isAfterUncleanStop = uncleanStop
    this.#parts = parts
    this.#isShared = parts.storage.info().capabilities.shared
    this.#renewedAt = askedAt
    this.#timer = setInterval(() => void this.#renew(), leaseMs / 3)
  }

  /** The lease, or who has it. */
  static async acquire(parts: LeaseParts): Promise<Lease | Held> {
    const askedAt = readClocks()
    const { storage, ref, owner } = parts
    const answer = await storage.acquire(ref, owner, leaseMs)
    if (answer.outcome === 'acquired') return new Lease(answer, parts, askedAt)
    if (!diedHere(answer.heldBy, owner)) return answer
    // In its name, to give it back at once: whoever asks meanwhile may have it as well.
    const inItsName = await storage.acquire(ref, answer.heldBy, leaseMs)
    if (inItsName.outcome === 'held') return inItsName
    await storage.release(ref, inItsName.epoch)
    const again = await storage.acquire(ref, owner, leaseMs)
    if (again.outcome === 'held') return again
    return new Lease({ epoch: again.epoch, uncleanStop: true }, parts, askedAt)
  }

  /**
   * Whether another may own the shard by now: then nothing is granted, answered or said any more. Never
   * of a store that is not shared, where a lock of the system keeps others out.
   */
  get isOver(): boolean {
    if (!this.#isShared) return false
    const { wallMs, runningMs } = readClocks()
    return (
      wallMs - this.#renewedAt.wallMs > leaseMs || runningMs - this.#renewedAt.runningMs > leaseMs
    )
  }

  /** What the end of an ownership by its owner's own clock is called. */
  lapsed(cause?: unknown): CarbontubeError {
    const { pipeline } = this.#parts.ref
    const message = `the ownership of "${pipeline}" could not be renewed within ${leaseMs / 1_000} s`
    return new CarbontubeError('CT_FENCED', message, { cause })
  }

  /** Also of a renewal that is under way: its answer is about an ownership that has ended. */
  stop(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#retry)
    this.#timer = undefined
  }

  /** Clean hand-over: the next owner need not wait. */
  async release(): Promise<void> {
    this.stop()
    await this.#parts.storage.release(this.#parts.ref, this.epoch)
  }

  async #renew(): Promise<void> {
    const { storage, ref, onLost } = this.#parts
    const askedAt = readClocks()
    try {
      const isRenewed = await storage.renew(ref, this.epoch, leaseMs)
      if (this.#timer === undefined) return
      if (isRenewed) this.#renewedAt = askedAt
      else
        onLost(new CarbontubeError('CT_FENCED', `another manager has taken over "${ref.pipeline}"`))
    } catch (error) {
      if (this.#timer === undefined) return
      // The store may come back; but not to an owner whose time is over.
      if (performance.now() - this.#renewedAt.runningMs > leaseMs) onLost(this.lapsed(error))
      else this.#renewSoon()
    }
  }

  #renewSoon(): void {
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      void this.#renew()
    }, retryMs)
  }
}

/**
 * How a manager is called in the store: by its id, if it was given one, by the process that it is, by where
 * process ids mean the same, and by its start: containers may have host name and process id in common, and would
 * take the shard from each other.
 */
export function ownerName(managerId: string | undefined): string {
  const process_ = `${hostname()}:${process.pid}#${processIdScope()}-${newNonce()}`
  return managerId === undefined ? process_ : `${managerId}@${process_}`
}

/**
 * Whether the owner was a process of this host under the same id, which is there no longer. Not of one that does
 * not say where its process id counts: earlier versions named none.
 */
export function diedHere(heldBy: string, owner: string): boolean {
  const [own, other] = [owner, heldBy].map((name) => /^(.+@.+):(\d+)#([0-9a-f]+)-/.exec(name))
  if (own === null || own === undefined || other === null || other === undefined) return false
  if (own[1] !== other[1] || own[3] !== other[3]) return false
  try {
    process.kill(Number(other[2]), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

function readClocks(): Clocks {
  return { wallMs: Date.now(), runningMs: performance.now() }
}
