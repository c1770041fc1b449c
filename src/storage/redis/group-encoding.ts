/**
 * A group as the arguments of the commit script: a header, all mutations as one list, then the bytes
 * (instructions, ended attempts), which mutations name by the number of their argument; 0 = none.
 */
import type { AttemptRecord } from '../../core/job.ts'
import type { Group, Mutation } from '../../core/mutation.ts'
import { historyBytesMax, lastErrorOf } from '../attempt-history.ts'
import { packAttempt } from '../packed.ts'
import { memberOf, type ShardKeys } from './keys.ts'
import { packedJob, packedNote, packr, stateCodes } from './records.ts'

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
  const writer = new GroupEncoder()
  const mutations = group.mutations.map((mutation) => writer.encode(mutation))
  const phases = [...writer.phases]
  const header = [String(epoch), owner, group.id, group.number, historyBytesMax, phases, previous]
  return {
    keys: [
      ...[keys.shard, keys.job, keys.body, keys.history, keys.id, keys.all],
      ...[keys.scheduled, keys.ended, keys.dead, keys.noted, keys.paused, keys.counters],
      ...phases.map((phase) => keys.ready(phase)),
    ],
    args: [packr.pack(header), packr.pack(mutations), ...writer.bytes],
  }
}

class GroupEncoder {
  readonly bytes: Buffer[] = []
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
        return [packedJob(mutation.job), this.#argument(mutation.job.instructions)]
      case 'advance': {
        const { toPhase, readyMs, instructions, ended } = mutation
        this.phases.add(toPhase)
        return [toPhase, readyMs, this.#argument(instructions), this.#attempt(ended)]
      }
      case 'retry': {
        const { dueMs, attempts, crashes, ended } = mutation
        const [state, due] =
          dueMs === 0 ? [stateCodes.ready, ended.endedMs] : [stateCodes.scheduled, dueMs]
        return [state, due, attempts, crashes, errorOf(ended), this.#attempt(ended)]
      }
      case 'settle': {
        const { state, endedMs, attempts, crashes, deathReason, instructions, ended } = mutation
        const counts = [stateCodes[state], endedMs, attempts, crashes]
        const bytes = [this.#argument(instructions), this.#attempt(ended)]
        return [...counts, deathReason ?? false, errorOf(ended), ...bytes]
      }
      case 'release':
        return [
          mutation.tokenMin,
          mutation.suspect,
          mutation.crashes,
          this.#attempt(mutation.ended),
        ]
      case 'note':
        return [packedNote(mutation.running)]
      case 'redrive':
        return [mutation.attemptsMax, mutation.readyMs]
      case 'discard':
      case 'remove':
        return []
    }
  }

  #attempt(ended: AttemptRecord | undefined): number {
    return this.#argument(ended === undefined ? undefined : packAttempt(ended))
  }

  /** Number of the argument, counted from 1 as the script does; header and mutations come before. */
  #argument(bytes: Uint8Array | undefined): number {
    if (bytes === undefined) return 0
    const { buffer, byteOffset, byteLength } = bytes
    return this.bytes.push(Buffer.from(buffer, byteOffset, byteLength)) + 2
  }
}

function errorOf(ended: AttemptRecord | undefined): string | false {
  return ended?.error === undefined ? false : lastErrorOf(ended.error)
}
