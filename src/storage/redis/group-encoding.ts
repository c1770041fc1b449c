/**
 * A group as the arguments of the commit script: a header, all mutations as one list, and all bytes (instructions,
 * ended attempts) one behind the other, of which mutations name the place, counted from 1, and the length; 0 = none.
 */
import type { AttemptRecord } from '../../core/job.ts'
import type { Group, Mutation } from '../../core/mutation.ts'
import { historyBytesMax, lastErrorOf } from '../attempt-history.ts'
import { listedNote, packAttempt } from '../packed.ts'
import { memberOf, type ShardKeys } from './keys.ts'
import { packedJob, packr, stateCodes } from './records.ts'

type JobMutation = Exclude<Mutation, { type: 'pause' | 'resume' }>

/** The first item of an encoded mutation; the script knows the numbers. */
const codes = {
  insert: 1,
  advance: 2,
  retry: 3,
  settle: 4,
  release: 5,
  note: 6,
  redrive: 7,
  discard: 8,
  remove: 9,
  pause: 10,
  resume: 11,
} as const satisfies Record<Mutation['type'], number>

/** Under whose name a group is committed; '' = whoever has the epoch. */
export interface Authority {
  readonly epoch: number
  readonly owner: string
  /** Id of the group that was answered last; '' = none, or not known. */
  readonly lastGroup: string
  /** Id of the group behind it, when that had no answer: the server may have it or not. */
  readonly unanswered?: string
}

/** Keys and arguments of the commit script. */
export function encodeGroup(
  keys: ShardKeys,
  { epoch, owner, lastGroup, unanswered }: Authority,
  group: Group,
): { keys: string[]; args: Buffer[] } {
  // Behind an unanswered group any other may find either.
  const previous = unanswered === undefined || unanswered === group.id ? lastGroup : ''
  const encoder = new MutationEncoder()
  const mutations = packr.pack(group.mutations.map((mutation) => encoder.encode(mutation)))
  const phases = [...encoder.phases]
  const header = [String(epoch), owner, group.id, group.number, historyBytesMax, phases, previous]
  return {
    keys: [
      ...[keys.shard, keys.job, keys.body, keys.history, keys.id, keys.all],
      ...[keys.scheduled, keys.ended, keys.dead, keys.noted, keys.paused, keys.counters],
      ...phases.map((phase) => keys.ready(phase)),
    ],
    args: [packr.pack(header), mutations, Buffer.concat(encoder.bytes)],
  }
}

class MutationEncoder {
  readonly bytes: Uint8Array[] = []
  #length = 0
  /** Whose ready sets the group may touch. */
  readonly phases = new Set<number>()

  encode(mutation: Mutation): unknown[] {
    const code = codes[mutation.type]
    if (mutation.type === 'pause' || mutation.type === 'resume') {
      return [code, String(mutation.phase ?? -1)]
    }
    const { sequence, id, phase } = mutation.job
    this.phases.add(phase)
    return [code, memberOf(sequence), id, phase, ...this.#values(mutation)]
  }

  #values(mutation: JobMutation): unknown[] {
    switch (mutation.type) {
      case 'insert':
        return [packedJob(mutation.job), ...this.#place(mutation.job.instructions)]
      case 'advance': {
        const { toPhase, readyMs, instructions, ended } = mutation
        this.phases.add(toPhase)
        return [toPhase, readyMs, ...this.#place(instructions), ...this.#attempt(ended)]
      }
      case 'retry': {
        const { dueMs, attempts, crashes, ended } = mutation
        const [state, due] =
          dueMs === 0 ? [stateCodes.ready, ended.endedMs] : [stateCodes.scheduled, dueMs]
        return [state, due, attempts, crashes, errorOf(ended), ...this.#attempt(ended)]
      }
      case 'settle': {
        const { state, endedMs, attempts, crashes, deathReason, instructions, ended } = mutation
        const counts = [stateCodes[state], endedMs, attempts, crashes]
        const bytes = [...this.#place(instructions), ...this.#attempt(ended)]
        return [...counts, deathReason ?? false, errorOf(ended), ...bytes]
      }
      case 'release':
        return [
          mutation.tokenMin,
          mutation.suspect,
          mutation.crashes,
          ...this.#attempt(mutation.ended),
        ]
      case 'note':
        return [listedNote(mutation.running)]
      case 'redrive':
        return [mutation.attemptsMax, mutation.readyMs]
      case 'discard':
      case 'remove':
        return []
    }
  }

  #attempt(ended: AttemptRecord | undefined): [at: number, length: number] {
    return this.#place(ended === undefined ? undefined : packAttempt(ended))
  }

  #place(bytes: Uint8Array | undefined): [at: number, length: number] {
    if (bytes === undefined) return [0, 0]
    this.bytes.push(bytes)
    const at = this.#length + 1
    this.#length += bytes.length
    return [at, bytes.length]
  }
}

function errorOf(ended: AttemptRecord | undefined): string | false {
  return ended?.error === undefined ? false : lastErrorOf(ended.error)
}
