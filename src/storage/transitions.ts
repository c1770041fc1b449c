/**
 * What each mutation does to the record of a job, as pure functions. A store that changes records in
 * JavaScript applies them; one that changes them in its own language is compared with them.
 */
import { unreachable } from '../core/invariant.ts'
import type { AttemptRecord, JobRecord } from '../core/job.ts'
import { isSettled } from '../core/job-transitions.ts'
import type { Mutation } from '../core/mutation.ts'
import { appliedTokens, boundedAttempt, lastErrorOf } from './attempt-history.ts'

/** A job with its history, oldest attempt first. Never changed in place. */
export interface StoredJob {
  /** As it is now. */
  readonly record: JobRecord
  /** Its history, oldest first. */
  readonly attempts: readonly AttemptRecord[]
}

/** A mutation of one stored job. */
export type JobMutation = Exclude<Mutation, { type: 'insert' | 'pause' | 'resume' }>

/** Newest attempts kept of one job. */
const attemptsKeptMax = 1_000

/** Why the mutation does not fit the job; `undefined` when it does. */
export function misfit(job: StoredJob | undefined, mutation: JobMutation): string | undefined {
  const { id, sequence, phase } = mutation.job
  if (job === undefined) return 'no such job'
  const { record } = job
  if (record.sequence !== sequence) return `sequence ${record.sequence}`
  if (record.phase !== phase) return `phase ${record.phase}`
  if (record.id !== id) return `job ${record.id}`
  return accepts(mutation.type, record.state) ? undefined : `state ${record.state}`
}

/** A grant is not written, so whoever was granted is stored as ready or scheduled. */
function accepts(type: JobMutation['type'], state: JobRecord['state']): boolean {
  const unsettled = !isSettled(state)
  if (type === 'redrive' || type === 'discard') return state === 'dead'
  return type === 'remove' ? !unsettled : unsettled
}

/** The job after the mutation; `undefined` when it is no longer kept. */
export function changed(job: StoredJob, mutation: JobMutation): StoredJob | undefined {
  const { record } = job
  switch (mutation.type) {
    case 'advance':
      return withAttempt(job, mutation.ended, advanced(record, mutation))
    case 'retry':
      return withAttempt(job, mutation.ended, retried(record, mutation))
    case 'settle':
      return withAttempt(job, mutation.ended, settled(record, mutation))
    case 'release': {
      const { tokenMin, suspect, crashes } = mutation
      const released = { ...idle(record), state: 'ready' as const, tokenMin, suspect, crashes }
      return withAttempt(job, mutation.ended, released)
    }
    case 'note':
      return { ...job, record: { ...record, running: mutation.running } }
    case 'redrive':
      return { ...job, record: redriven(record, mutation) }
    case 'discard':
    case 'remove':
      return undefined
    default:
      return unreachable(mutation)
  }
}

function advanced(record: JobRecord, to: Extract<Mutation, { type: 'advance' }>): JobRecord {
  const { lastError: _error, ...rest } = idle(record)
  return {
    ...rest,
    state: 'ready',
    phase: to.toPhase,
    attempts: 0,
    crashes: 0,
    // A raised limit was for the phase that failed.
    attemptsMax: 0,
    suspect: false,
    dueMs: to.readyMs,
    instructions: to.instructions,
  }
}

function retried(record: JobRecord, retry: Extract<Mutation, { type: 'retry' }>): JobRecord {
  const { attempts, crashes, dueMs, ended } = retry
  const due =
    dueMs === 0
      ? { state: 'ready' as const, dueMs: ended.endedMs }
      : { state: 'scheduled' as const, dueMs }
  return { ...idle(record), ...due, attempts, crashes, ...errorOf(ended) }
}

function settled(record: JobRecord, settle: Extract<Mutation, { type: 'settle' }>): JobRecord {
  const { state, endedMs, attempts, crashes, instructions, deathReason } = settle
  const { lastError, ...rest } = idle(record)
  return {
    ...rest,
    ...{ state, endedMs, attempts, crashes },
    ...(instructions === undefined ? {} : { instructions }),
    ...(deathReason === undefined ? {} : { deathReason }),
    // A job that is done has no error to show; its attempts still have.
    ...(state === 'done' || lastError === undefined ? {} : { lastError }),
    ...(state === 'done' ? {} : errorOf(settle.ended)),
  }
}

function redriven(record: JobRecord, to: Extract<Mutation, { type: 'redrive' }>): JobRecord {
  const { endedMs: _ended, deathReason: _reason, ...rest } = record
  return { ...rest, state: 'ready', dueMs: to.readyMs, attemptsMax: to.attemptsMax }
}

function idle(record: JobRecord): JobRecord {
  const { running: _running, ...rest } = record
  return rest
}

function errorOf(ended: AttemptRecord | undefined): { lastError?: string } {
  return ended?.error === undefined ? {} : { lastError: lastErrorOf(ended.error) }
}

function withAttempt(
  job: StoredJob,
  ended: AttemptRecord | undefined,
  record: JobRecord,
): StoredJob {
  if (ended === undefined) return { ...job, record }
  const attempts = [...job.attempts.slice(1 - attemptsKeptMax), boundedAttempt(ended)]
  return { attempts, record: { ...record, applied: appliedTokens(attempts) } }
}
