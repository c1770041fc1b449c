/**
 * Parts of a record that stores keep as bytes: the history of a job, to which attempts are appended, and who
 * runs it. Lists, because the keys would be larger than the values. Plain MessagePack: any other program can
 * read it.
 */
import { Packr } from 'msgpackr'
import type { AttemptError, AttemptRecord, RunningNote } from '../core/job.ts'
import { given } from '../language/given.ts'
import { boundedAttempt } from './attempt-history.ts'

const packr = new Packr({ useRecords: false })

/** Who runs a job, as a list: `relayed` stands there when it is. */
export type ListedNote = readonly [
  ...[token: string, worker: string, incarnation: string, address: string, sinceMs: number],
  relayed?: true,
]

export function listedNote(note: RunningNote): ListedNote {
  const { token, worker, incarnation, address, sinceMs, relayed } = note
  const listed = [token, worker, incarnation, address, sinceMs] as const
  return relayed === true ? [...listed, relayed] : listed
}

export function noteOf([
  token,
  worker,
  incarnation,
  address,
  sinceMs,
  relayed,
]: ListedNote): RunningNote {
  const note = { token, worker, incarnation, address, sinceMs }
  return relayed === undefined ? note : { ...note, relayed }
}

export function packRunning(note: RunningNote): Uint8Array {
  return packr.pack(listedNote(note))
}

export function unpackRunning(bytes: Uint8Array): RunningNote {
  return noteOf(packr.unpack(bytes) as ListedNote)
}

type PackedAttempt = [
  ...[phase: number, attempt: number, token: string, worker: string],
  ...[startedMs: number, endedMs: number, outcome: AttemptRecord['outcome']],
  ...[error?: AttemptError | null, keys?: readonly string[] | null, retryMs?: number],
]

/** One attempt, to be appended to the history of its job. Texts are cut to their limits. */
export function packAttempt(ended: AttemptRecord): Uint8Array {
  const { phase, attempt, token, worker, startedMs, endedMs, outcome, error, keys, retryMs } =
    boundedAttempt(ended)
  const packed: PackedAttempt = [phase, attempt, token, worker, startedMs, endedMs, outcome]
  // What stands behind the last that is there costs nothing.
  if (retryMs !== undefined) packed.push(error ?? null, keys ?? null, retryMs)
  else if (keys !== undefined) packed.push(error ?? null, keys)
  else if (error !== undefined) packed.push(error)
  return packr.pack(packed)
}

/** Attempts that were packed one behind the other, oldest first. */
export function unpackAttempts(history: Uint8Array): AttemptRecord[] {
  if (history.length === 0) return []
  return (packr.unpackMultiple(history) as PackedAttempt[]).map((packed) => {
    const [phase, attempt, token, worker, startedMs, endedMs, outcome, error, keys, retryMs] =
      packed
    const record = { phase, attempt, token, worker, startedMs, endedMs, outcome }
    return {
      ...record,
      ...(error ? { error } : {}),
      ...(keys ? { keys } : {}),
      ...given({ retryMs }),
    }
  })
}
