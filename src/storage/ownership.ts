/**
 * Who owns a shard, as a pure rule that every store with a clock of its own can share: a lease that runs
 * out, and an epoch that only grows. The epoch is at least the store's time in microseconds, so that a
 * store that lost its last writes still hands out a new one.
 */
import type { AcquireAnswer } from './contract.ts'

/** The ownership row of a shard. Times in milliseconds since 1970 by the store's clock. */
export interface Ownership {
  /** Who has it, or had it last. */
  readonly owner: string
  /** Of its ownership; only grows. */
  readonly epoch: number
  /** When the lease runs out. */
  readonly untilMs: number
  /** It was given back: nobody has to wait for the lease. */
  readonly released: boolean
}

/** A wish for a shard. */
export interface Claim {
  /** Who wants it. */
  readonly owner: string
  /** For how long, in milliseconds. */
  readonly ttlMs: number
  /** Now by the store's clock, in milliseconds since 1970. */
  readonly nowMs: number
  /** The stored owner is known to be dead (its file lock is gone): its lease is not waited for. */
  readonly ownerDied: boolean
}

/** What becomes of a claim: the answer, and the row to store unless it was refused. */
export interface ClaimOutcome {
  /** For the caller of `acquire`. */
  readonly answer: AcquireAnswer
  /** The row to store; absent when the claim was refused. */
  readonly next?: Ownership
}

/**
 * A shard is free when nobody owned it, its owner released it, its lease is over, or its owner is dead.
 * The same owner again gets a new epoch at once: its earlier self is fenced.
 */
export function claimShard(current: Ownership | undefined, claim: Claim): ClaimOutcome {
  const { owner, nowMs, ttlMs } = claim
  const unclean = current !== undefined && !current.released
  const isOthers = isHeld(current, claim) && current.owner !== owner
  if (isOthers)
    return { answer: { outcome: 'held', heldBy: current.owner, untilMs: current.untilMs } }
  const epoch = Math.max((current?.epoch ?? 0) + 1, Math.floor(nowMs * 1_000))
  return {
    answer: { outcome: 'acquired', epoch, uncleanStop: unclean },
    next: { owner, epoch, untilMs: nowMs + ttlMs, released: false },
  }
}

/** Whether somebody owns the shard, so that others have to wait. */
export function isHeld(
  current: Ownership | undefined,
  { nowMs, ownerDied }: Pick<Claim, 'nowMs' | 'ownerDied'>,
): current is Ownership {
  return current !== undefined && !current.released && !ownerDied && current.untilMs > nowMs
}

/** Whether `epoch` may write: it is the newest one, and not released. A lapsed lease nobody took still counts. */
export function owns(current: Ownership | undefined, epoch: number): boolean {
  return current !== undefined && current.epoch === epoch && !current.released
}
