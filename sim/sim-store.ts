/**
 * The store of a world: the memory store's own tables, with the faults of a real one around them. What was
 * applied survives every crash; an answer may be late, missing, or a refusal.
 */
import type { CommitAnswer, Group, Mutation } from '../src/core/mutation.ts'
import type { JobRecord } from '../src/core/job.ts'
import { MemoryShard } from '../src/storage/memory/memory-shard.ts'
import { claimShard, owns } from '../src/storage/ownership.ts'
import { changed, type StoredJob } from '../src/storage/transitions.ts'
import { Violation, type Change, type Commit } from './checker.ts'
import type { Surroundings } from './surroundings.ts'

export const ttlMs = 9_000

export type CommitOutcome =
  | { readonly type: 'committed'; readonly answer: CommitAnswer }
  | { readonly type: 'unknown' | 'full' | 'fenced' }

export class SimStore {
  readonly shard = new MemoryShard({ pipeline: 'sim', shard: 0 })
  /** Ids of groups that had no room. */
  readonly refused = new Set<string>()
  readonly #world: Surroundings
  readonly #onCommit: (commit: Commit) => void
  #lastGroup = ''
  #clockOffsetMs = 0
  #forgottenFrom = 0
  #lastEpoch = 0
  /** Grows with every owner and failover: what was on its way to the server before has no answer. */
  #era = 1
  isStalled = false

  constructor(world: Surroundings, onCommit: (commit: Commit) => void) {
    this.#world = world
    this.#onCommit = onCommit
  }

  /** The epoch, or `undefined` when somebody else has the shard. */
  acquire(owner: string): number | undefined {
    const nowMs = this.#world.nowMs + this.#clockOffsetMs
    const claim = { owner, ttlMs, nowMs, ownerDied: false }
    const { answer, next } = claimShard(this.shard.ownership, claim)
    if (next !== undefined) this.shard.ownership = next
    if (answer.outcome === 'held') return undefined
    this.#era += 1
    if (answer.epoch === this.#lastEpoch) this.#world.saw('an epoch twice')
    this.#lastEpoch = answer.epoch
    return answer.epoch
  }

  renew(owner: string, epoch: number): boolean {
    const { ownership } = this.shard
    if (ownership === undefined || !this.isOwner({ manager: owner, epoch })) return false
    this.shard.ownership = {
      ...ownership,
      untilMs: this.#world.nowMs + this.#clockOffsetMs + ttlMs,
    }
    return true
  }

  /**
   * An asynchronous replica takes over: it has not heard of the newest owner, and its clock is some seconds behind,
   * so that the next owner that comes within them gets the same epoch.
   */
  failOver(): void {
    const { ownership } = this.shard
    if (ownership === undefined || ownership.epoch === this.#forgottenFrom) return
    this.#world.saw('failover')
    const nextEpochMs = Math.floor(ownership.epoch / 1_000)
    const behindMs = this.#world.chance.int(0, 5_000)
    this.#clockOffsetMs = nextEpochMs - behindMs - this.#world.nowMs
    this.#forgottenFrom = ownership.epoch - 1
    this.#era += 1
    this.shard.ownership = { ...ownership, epoch: ownership.epoch - 1, untilMs: 0, released: false }
  }

  commit(
    { manager, epoch }: { manager: string; epoch: number },
    group: Group,
    done: (outcome: CommitOutcome) => void,
  ): void {
    const { chance, knobs } = this.#world
    const faultsOn = () => this.#world.faultsOn()
    const delayMs = chance.int(0, knobs.commitMs)
    const era = this.#era
    this.#whenUp(delayMs, () => {
      if (era !== this.#era) return done({ type: 'unknown' })
      const isUnknown = faultsOn() && chance.is(knobs.unknownRate)
      if (isUnknown && chance.is(0.5)) return done({ type: 'unknown' })
      // To repeat an answer takes no room.
      const isApplied = group.id === this.#lastGroup
      if (faultsOn() && !isApplied && chance.is(knobs.fullRate)) {
        this.refused.add(group.id)
        return done({ type: 'full' })
      }
      const outcome: CommitOutcome = this.isOwner({ manager, epoch })
        ? this.#apply(group)
        : { type: 'fenced' }
      if (isUnknown) this.#world.saw('unknown outcome of an applied group')
      done(isUnknown ? { type: 'unknown' } : outcome)
    })
  }

  /** Reads a moment later, and answers a moment after that: meanwhile things change. */
  read<T>(query: () => T, done: (found: T) => void): void {
    const { chance, knobs } = this.#world
    this.#whenUp(chance.int(0, knobs.commitMs), () => {
      const found = query()
      this.#world.after(chance.int(0, knobs.commitMs), () => done(found))
    })
  }

  find(ids: readonly string[]): JobRecord[] {
    return ids.flatMap((id) => this.shard.find(id)?.record ?? [])
  }

  record(sequence: number): JobRecord | undefined {
    return this.shard.jobs.get(sequence)?.record
  }

  #apply(group: Group): CommitOutcome {
    const isRepeat = group.id === this.#lastGroup
    const changes = isRepeat ? [] : this.#changesOf(group)
    const answer = this.#committed(group)
    if (isRepeat) this.#world.saw('the same group again')
    else {
      this.#lastGroup = group.id
      this.#onCommit({ group, changes })
    }
    return { type: 'committed', answer }
  }

  /** By owner too: after a failover two may have the same epoch. */
  isOwner({ manager, epoch }: { manager: string; epoch: number }): boolean {
    return owns(this.shard.ownership, epoch) && this.shard.ownership?.owner === manager
  }

  #committed(group: Group): CommitAnswer {
    try {
      return this.shard.commit(group)
    } catch (error) {
      throw new Violation('store', error instanceof Error ? error.message : String(error))
    }
  }

  /** Step by step: a group may change the same job more than once. */
  #changesOf({ mutations }: Group): Change[] {
    const jobs = new Map<number, StoredJob | undefined>()
    return mutations.map((mutation) => {
      if (!('job' in mutation)) return { mutation, before: undefined, after: undefined }
      const { sequence } = mutation.job
      const job = jobs.has(sequence) ? jobs.get(sequence) : this.shard.jobs.get(sequence)
      const next = afterwards(job, mutation)
      jobs.set(sequence, next)
      return { mutation, before: job?.record, after: next?.record }
    })
  }

  #whenUp(delayMs: number, act: () => void): void {
    this.#world.after(delayMs, () => (this.isStalled ? this.#whenUp(50, act) : act()))
  }
}

function afterwards(
  job: StoredJob | undefined,
  mutation: Extract<Mutation, { job: unknown }>,
): StoredJob | undefined {
  if (mutation.type === 'insert') return job ?? { record: mutation.job, attempts: [] }
  return job === undefined ? undefined : changed(job, mutation)
}
