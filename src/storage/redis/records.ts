/** A job as a record and as the list that Redis keeps. Instructions and attempts lie beside it, as bytes. */
import { Packr } from 'msgpackr'
import type { DeathReason, JobRecord } from '../../core/job.ts'
import { appliedTokens } from '../attempt-history.ts'
import { listedNote, noteOf, unpackAttempts, type ListedNote } from '../packed.ts'
import type { RedisReply } from './driver.ts'

/** Lua writes whole numbers from 2^32 on as 64 bits. */
export const packr = new Packr({ useRecords: false, int64AsType: 'number' })

const stateNames = ['ready', 'scheduled', 'done', 'cancelled', 'dead'] as const

/** How a state is stored. Unsettled states are the first two: scripts say `state <= 1`. */
export const stateCodes = { ready: 0, scheduled: 1, done: 2, cancelled: 3, dead: 4 } as const

/** The fields in the order in which the scripts count them, from 1. `false` = absent. */
export type PackedJob = readonly [
  ...[id: string, sequence: number, state: number, phase: number, priority: number],
  ...[attempts: number, crashes: number, attemptsMax: number],
  ...[enqueuedMs: number, dueMs: number, checksum: number, tokenMin: string, suspect: boolean],
  ...[endedMs: number | false, deathReason: string | false, lastError: string | false],
  ...[running: ListedNote | false, replayOf: string | false],
]

export function packedJob(job: JobRecord): PackedJob {
  return [
    ...([job.id, job.sequence, stateCodes[job.state], job.phase, job.priority] as const),
    ...([job.attempts, job.crashes, job.attemptsMax] as const),
    ...([job.enqueuedMs, job.dueMs, job.checksum, job.tokenMin, job.suspect] as const),
    ...([job.endedMs ?? false, job.deathReason ?? false, job.lastError ?? false] as const),
    ...([job.running === undefined ? false : listedNote(job.running)] as const),
    job.replayOf ?? false,
  ]
}

export function unpackJob(bytes: Uint8Array): PackedJob {
  return packr.unpack(bytes) as PackedJob
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A refill reads thousands: it is written for speed. */
export function recordOf(
  shard: number,
  packed: PackedJob,
  parts: { body: Uint8Array; history: Uint8Array },
): JobRecord {
  const record: Mutable<JobRecord> = {
    id: packed[0],
    shard,
    sequence: packed[1],
    state: stateNames[packed[2]] ?? 'dead',
    phase: packed[3],
    priority: packed[4],
    attempts: packed[5],
    crashes: packed[6],
    attemptsMax: packed[7],
    enqueuedMs: packed[8],
    dueMs: packed[9],
    instructions: parts.body,
    checksum: packed[10],
    tokenMin: packed[11],
    suspect: packed[12],
    applied: appliedTokens(unpackAttempts(parts.history)),
  }
  const [endedMs, deathReason, lastError, running, replayOf] = packed.slice(13) as [
    ...[PackedJob[13], PackedJob[14], PackedJob[15], PackedJob[16], PackedJob[17]],
  ]
  if (endedMs !== false) record.endedMs = endedMs
  if (deathReason !== false) record.deathReason = deathReason as DeathReason
  if (lastError !== false) record.lastError = lastError
  if (running !== false) record.running = noteOf(running)
  if (replayOf !== false) record.replayOf = replayOf
  return record
}

/** The records of `[jobs, bodies, histories]`; what is missing (removed meanwhile) is left out. */
export function recordsOf(shard: number, reply: RedisReply): JobRecord[] {
  const [jobs, bodies, histories] = [listOf(reply, 0), listOf(reply, 1), listOf(reply, 2)]
  return jobs.flatMap((job, index) => {
    if (!(job instanceof Uint8Array)) return []
    const parts = { body: bytesOf(bodies[index]), history: bytesOf(histories[index]) }
    return recordOf(shard, unpackJob(job), parts)
  })
}

/** The list at a place of a reply; an empty one when there is none. */
export function listOf(reply: RedisReply | undefined, index: number): readonly RedisReply[] {
  const part = isList(reply) ? reply[index] : undefined
  return isList(part) ? part : []
}

export function isList(reply: RedisReply | undefined): reply is readonly RedisReply[] {
  return Array.isArray(reply)
}

export function bytesOf(reply: RedisReply | undefined): Uint8Array {
  return reply instanceof Uint8Array ? reply : new Uint8Array()
}

/** A text or a number as text; '' for nothing. */
export function textOf(reply: RedisReply | undefined): string {
  if (typeof reply === 'number') return String(reply)
  return reply instanceof Uint8Array ? Buffer.from(reply).toString('utf8') : ''
}
