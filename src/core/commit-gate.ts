/**
 * Group commit, as a pure machine: mutations gather while a group is in flight, and every effect waits
 * for the newest group that was gathered when it was made, also one that came without a mutation (a
 * `duplicate` must not be told before the first delivery is durable).
 *
 * Inserts go in groups of their own, so that a full disk refuses them while settling goes on. Groups are
 * committed in the order of their numbers, one at a time; an unknown outcome means the same group again.
 */
import type { Effect } from './effect.ts'
import { invariant } from './invariant.ts'
import type { Group, Mutation } from './mutation.ts'
import type { Step } from './shard.ts'

type Kind = 'inserts' | 'settling'

interface GatheringGroup {
  readonly number: number
  readonly kind: Kind
  readonly mutations: Mutation[]
  bytes: number
}

/** Of one group, which ends with the mutation that brings it there. */
export interface GroupBounds {
  readonly mutations: number
  /** Of instructions. */
  readonly bytes: number
}

interface Waiting {
  readonly barrier: number
  readonly effects: readonly Effect[]
}

export class CommitGate {
  /** Begins the ids of the groups. */
  readonly #owner: string
  readonly #max: GroupBounds
  readonly #groups: GatheringGroup[] = []
  #open: Record<Kind, GatheringGroup | undefined> = { inserts: undefined, settling: undefined }
  #inFlight: GatheringGroup | undefined
  #lastNumber = 0
  #lastAnswered = 0
  #waiting: Waiting[] = []
  #free: Effect[] = []

  /** `owner`: names this ownership, and no other. */
  constructor(owner: string, max: GroupBounds) {
    this.#owner = owner
    this.#max = max
  }

  /** Nothing gathered, nothing in flight, no effect waiting. */
  get isIdle(): boolean {
    return this.#groups.length === 0 && this.#inFlight === undefined && this.#free.length === 0
  }

  /** What was decided until now is durable once the group of this number is. */
  get barrier(): number {
    return this.#lastNumber
  }

  isDurable(barrier: number): boolean {
    return barrier <= this.#lastAnswered
  }

  admit({ mutations, effects }: Step): void {
    for (const mutation of mutations) {
      const group = this.#gathering(mutation.type === 'insert' ? 'inserts' : 'settling')
      group.mutations.push(mutation)
      group.bytes += bytesOf(mutation)
    }
    if (effects.length === 0) return
    const isClear = this.#groups.length === 0 && this.#inFlight === undefined
    if (isClear) this.#free.push(...effects)
    else this.#waiting.push({ barrier: this.#lastNumber, effects })
  }

  /** The effects that may leave now, in the order in which they were made. */
  takeFree(): readonly Effect[] {
    const free = this.#free
    this.#free = []
    return free
  }

  /** The next group to commit; `undefined` while one is in flight or nothing has gathered. */
  nextGroup(): Group | undefined {
    if (this.#inFlight !== undefined) return undefined
    const next = this.#groups.shift()
    if (next === undefined) return undefined
    if (this.#open[next.kind] === next) this.#open[next.kind] = undefined
    this.#inFlight = next
    const { number, mutations } = next
    return { id: `${this.#owner}-${number}`, number, mutations }
  }

  /** The group in flight is durable, or was refused as a whole: what waited for it goes on. */
  answered(group: Group): void {
    invariant(this.#inFlight?.number === group.number, 'the answered group is the one in flight')
    this.#inFlight = undefined
    this.#lastAnswered = group.number
    let released = 0
    for (const { barrier, effects } of this.#waiting) {
      if (barrier > group.number) break
      this.#free.push(...effects)
      released += 1
    }
    if (released > 0) this.#waiting = this.#waiting.slice(released)
  }

  #gathering(kind: Kind): GatheringGroup {
    const open = this.#open[kind]
    const { mutations, bytes } = this.#max
    const hasRoom = open !== undefined && open.mutations.length < mutations && open.bytes < bytes
    if (hasRoom) return open
    this.#lastNumber += 1
    const group: GatheringGroup = { number: this.#lastNumber, kind, mutations: [], bytes: 0 }
    this.#open[kind] = group
    this.#groups.push(group)
    return group
  }
}

function bytesOf(mutation: Mutation): number {
  if (mutation.type === 'insert') return mutation.job.instructions.length
  return 'instructions' in mutation ? (mutation.instructions?.length ?? 0) : 0
}
