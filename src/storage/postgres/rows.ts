/** A row of jobs as a record. */
import type { AttemptRecord, DeathReason, JobRecord } from '../../core/job.ts'
import { appliedTokens } from '../attempt-history.ts'
import { unpackAttempts, unpackRunning } from '../packed.ts'
import type { PgCell, PgRow } from './driver.ts'
import { originalText } from './text.ts'

const stateNames = ['ready', 'scheduled', 'done', 'cancelled', 'dead'] as const

/** What `recordOf` reads, in this order; the number of the shard is known to whoever asks. */
export const jobColumns = `sequence, state, phase, rank, attempts, crashes, attempts_max, suspect, enqueued,
  due, ended, checksum, death, token_min, last_error, running, id, instructions, history, replay_of`

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** The record of a row of `jobColumns`. A refill reads thousands: it is written for speed. */
export function recordOf(row: PgRow, shard: number): JobRecord {
  const record: Mutable<JobRecord> = {
    id: textOf(row[16]),
    shard,
    sequence: numberOf(row[0]),
    state: stateNames[numberOf(row[1])] ?? 'dead',
    phase: numberOf(row[2]),
    // Not −0 for the default priority.
    priority: 0 - numberOf(row[3]),
    attempts: numberOf(row[4]),
    crashes: numberOf(row[5]),
    attemptsMax: numberOf(row[6]),
    enqueuedMs: numberOf(row[8]),
    dueMs: numberOf(row[9]),
    instructions: row[17] instanceof Uint8Array ? row[17] : new Uint8Array(),
    checksum: numberOf(row[11]),
    tokenMin: textOf(row[13]),
    suspect: row[7] === true,
    applied: appliedTokens(attemptsOf(row[18])),
  }
  const [ended, death, lastError, running] = [row[10], row[12], row[14], row[15]]
  const replayOf = row[19]
  if (typeof ended === 'number') record.endedMs = ended
  if (typeof death === 'string') record.deathReason = death as DeathReason
  if (typeof lastError === 'string') record.lastError = originalText(lastError)
  if (running instanceof Uint8Array) record.running = unpackRunning(running)
  if (typeof replayOf === 'string') record.replayOf = originalText(replayOf)
  return record
}

/** The attempts in a `history` column, oldest first. */
export function attemptsOf(history: PgCell | undefined): AttemptRecord[] {
  return history instanceof Uint8Array ? unpackAttempts(history) : []
}

/** A number of a row; 0 for NULL. */
export function numberOf(cell: PgCell | undefined): number {
  return typeof cell === 'number' ? cell : 0
}

/** A text of a row; '' for NULL. */
export function textOf(cell: PgCell | undefined): string {
  return typeof cell === 'string' ? originalText(cell) : ''
}

/** A time or a number as a bigint column takes it: without fractions, and not without end. */
export function bigintOf(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.floor(value)))
}
