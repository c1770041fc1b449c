/** A job as a row and as a record. */
import type { AttemptRecord, DeathReason, JobRecord } from '../../core/job.ts'
import { appliedTokens } from '../attempt-history.ts'
import { packRunning, unpackAttempts, unpackRunning } from '../packed.ts'
import type { SqliteValue } from './driver.ts'
import { rowsPerShard, stateCodes } from './schema.ts'

const stateNames = ['ready', 'scheduled', 'done', 'cancelled', 'dead'] as const

/** Row number of a job; `shard` is below `shardsMax`. */
export function rowNumber(shard: number, sequence: number): number {
  return shard * rowsPerShard + sequence
}

const smallMax = 2 ** 31 - 1

/**
 * The sequence in a row number. Computed with floats, it is made small again: one float in an object, and V8 gives
 * all of that kind a place for floats, and builds each new job anew.
 */
function sequenceOf(row: readonly SqliteValue[], shard: number): number {
  const sequence = numberOf(row[0]) - shard * rowsPerShard
  return sequence <= smallMax ? sequence | 0 : sequence
}

/** Columns in the order of `insertJob`. */
export const insertJob = `INSERT INTO job (n, shard, state, phase, rank, attempts, crashes, attempts_max,
  suspect, enqueued, due, ended, checksum, death, token_min, last_error, running, replay_of, id, instructions)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`

/** The values of `insertJob`. */
export function jobValues(shard: number, job: JobRecord): SqliteValue[] {
  return [
    rowNumber(shard, job.sequence),
    shard,
    stateCodes[job.state],
    job.phase,
    -job.priority,
    job.attempts,
    job.crashes,
    job.attemptsMax,
    job.suspect ? 1 : 0,
    job.enqueuedMs,
    job.dueMs,
    job.endedMs ?? null,
    job.checksum,
    job.deathReason ?? null,
    job.tokenMin,
    job.lastError ?? null,
    job.running === undefined ? null : packRunning(job.running),
    job.replayOf ?? null,
    job.id,
    job.instructions,
  ]
}

/** What `recordOf` reads, in this order. */
export const jobColumns = `n, shard, state, phase, rank, attempts, crashes, attempts_max, suspect, enqueued,
  due, ended, checksum, death, token_min, last_error, running, id, instructions, history, replay_of`

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The record of a row of `jobColumns`. A refill reads thousands: it is written for speed. */
export function recordOf(row: readonly SqliteValue[]): JobRecord {
  const shard = numberOf(row[1])
  const record: Mutable<JobRecord> = {
    id: textOf(row[17]),
    shard,
    sequence: sequenceOf(row, shard),
    state: stateNames[numberOf(row[2])] ?? 'dead',
    phase: numberOf(row[3]),
    // Not −0 for the default priority.
    priority: 0 - numberOf(row[4]),
    attempts: numberOf(row[5]),
    crashes: numberOf(row[6]),
    attemptsMax: numberOf(row[7]),
    enqueuedMs: numberOf(row[9]),
    dueMs: numberOf(row[10]),
    instructions: bytesOf(row[18]),
    checksum: numberOf(row[12]),
    tokenMin: textOf(row[14]),
    suspect: row[8] === 1,
    applied: appliedTokens(attemptsOf(row[19])),
  }
  const [ended, death, lastError, running] = [row[11], row[13], row[15], row[16]]
  const replayOf = row[20]
  if (typeof ended === 'number') record.endedMs = ended
  if (typeof death === 'string') record.deathReason = death as DeathReason
  if (typeof lastError === 'string') record.lastError = lastError
  if (running instanceof Uint8Array) record.running = unpackRunning(running)
  if (typeof replayOf === 'string') record.replayOf = replayOf
  return record
}

/**
 * What `readyRecordOf` reads, in this order. A refill beside a backlog reads every job once, and a column costs
 * as much as an index entry: those that hardly ever say anything are one, `plain`.
 */
export const readyColumns = `n, rank, enqueued, due, checksum, id, instructions, history,
  attempts = 0 AND crashes = 0 AND attempts_max = 0 AND suspect = 0 AND token_min = '' AND last_error IS NULL
  AND running IS NULL AND replay_of IS NULL AS plain`

/** The record of a row of `readyColumns`; `undefined` when the other columns have to be read as well. */
export function readyRecordOf(
  row: readonly SqliteValue[],
  { shard, phase }: { shard: number; phase: number },
): JobRecord | undefined {
  if (row[8] !== 1) return undefined
  return {
    id: textOf(row[5]),
    shard,
    sequence: sequenceOf(row, shard),
    state: 'ready',
    phase,
    priority: 0 - numberOf(row[1]),
    attempts: 0,
    crashes: 0,
    attemptsMax: 0,
    enqueuedMs: numberOf(row[2]),
    dueMs: numberOf(row[3]),
    instructions: bytesOf(row[6]),
    checksum: numberOf(row[4]),
    tokenMin: '',
    suspect: false,
    applied: appliedTokens(attemptsOf(row[7])),
  }
}

/** The attempts in a `history` column, oldest first. */
export function attemptsOf(history: SqliteValue | undefined): AttemptRecord[] {
  return history instanceof Uint8Array ? unpackAttempts(history) : []
}

/** A number of a row; 0 for NULL. */
export function numberOf(value: SqliteValue | undefined): number {
  return typeof value === 'number' ? value : 0
}

/** A text of a row; '' for NULL. */
export function textOf(value: SqliteValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

function bytesOf(value: SqliteValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array()
}
