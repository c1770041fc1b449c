/** A group of mutations as the arrays and bytes that `commit_group` takes. */
import { unreachable } from '../../core/invariant.ts'
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { Group, Mutation } from '../../core/mutation.ts'
import { lastErrorOf } from '../attempt-history.ts'
import { packAttempt, packRunning } from '../packed.ts'
import { groupColumns, rowKinds, type GroupColumn } from './commit-function.ts'
import type { PgValue } from './driver.ts'
import { bigintOf } from './rows.ts'
import { stateCodes } from './schema.ts'
import { storedText } from './text.ts'

type Row = { readonly [K in GroupColumn]?: string | number | boolean | undefined }

const wholePipeline = -1
const unsettled = { state_min: stateCodes.ready, state_max: stateCodes.scheduled }
const dead = { state_min: stateCodes.dead, state_max: stateCodes.dead }
const settled = { state_min: stateCodes.done, state_max: stateCodes.dead }

/** Bytes first, then an array for each column; an array that holds nothing is NULL. */
export function groupValues(group: Group): PgValue[] {
  const pieces = new Pieces()
  const rows = group.mutations.map((mutation) => rowOf(mutation, pieces))
  const columns = Object.keys(groupColumns) as GroupColumn[]
  return [pieces.bytes(), ...columns.map((column) => arrayOf(rows, column))]
}

function arrayOf(rows: readonly Row[], column: GroupColumn): PgValue {
  const values = rows.map((row) => row[column])
  if (values.every((value) => value === undefined)) return null
  if (groupColumns[column] === 'text') {
    return values.map((value) => (value === undefined ? null : storedText(String(value))))
  }
  // Numbers need no quotes: this is cheaper than the driver's own way.
  return `{${values.map((value) => (value === undefined ? 'NULL' : value)).join(',')}}`
}

/** Collects the bytes of a group, one piece behind the other. */
class Pieces {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  /** Answers where the piece is, counted from 1 as `substring` does, and how long. */
  add(piece: Uint8Array): [at: number, length: number] {
    const at = this.#length + 1
    this.#pieces.push(piece)
    this.#length += piece.length
    return [at, piece.length]
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#pieces, this.#length)
  }

  instructions(bytes: Uint8Array | undefined): Row {
    if (bytes === undefined) return {}
    const [instructions_at, instructions_len] = this.add(bytes)
    return { instructions_at, instructions_len }
  }

  ended(ended: AttemptRecord | undefined): Row {
    if (ended === undefined) return {}
    const [attempt_at, attempt_len] = this.add(packAttempt(ended))
    return { attempt_at, attempt_len }
  }

  running(running: JobRecord['running']): Row {
    if (running === undefined) return {}
    const [running_at, running_len] = this.add(packRunning(running))
    return { running_at, running_len }
  }
}

function rowOf(mutation: Mutation, pieces: Pieces): Row {
  switch (mutation.type) {
    case 'insert':
      return insertRow(mutation.job, pieces)
    case 'pause':
      return { kind: rowKinds.pause, phase: mutation.phase ?? wholePipeline }
    case 'resume':
      return { kind: rowKinds.resume, phase: mutation.phase ?? wholePipeline }
    case 'discard':
      return { kind: rowKinds.remove, ...mutation.job, ...dead }
    case 'remove':
      return { kind: rowKinds.remove, ...mutation.job, ...settled }
    case 'advance':
    case 'retry':
    case 'settle':
    case 'release':
    case 'note':
    case 'redrive':
      return { kind: rowKinds.change, ...mutation.job, ...changeRow(mutation, pieces) }
    default:
      return unreachable(mutation)
  }
}

type Change = Exclude<Mutation, { type: 'insert' | 'pause' | 'resume' | 'discard' | 'remove' }>

function changeRow(mutation: Change, pieces: Pieces): Row {
  switch (mutation.type) {
    case 'advance': {
      const { toPhase: to_phase, readyMs, instructions, ended } = mutation
      const slate = { attempts: 0, crashes: 0, attempts_max: 0, suspect: false, clears_error: true }
      const bytes = { ...pieces.instructions(instructions), ...pieces.ended(ended) }
      const state = stateCodes.ready
      return { ...unsettled, ...slate, ...bytes, state, to_phase, due: bigintOf(readyMs) }
    }
    case 'retry': {
      const { dueMs, attempts, crashes, ended } = mutation
      const [state, due] =
        dueMs === 0 ? [stateCodes.ready, ended.endedMs] : [stateCodes.scheduled, dueMs]
      const error = { last_error: errorOf(ended), ...pieces.ended(ended) }
      return { ...unsettled, ...error, state, due: bigintOf(due), attempts, crashes }
    }
    case 'settle':
      return settleRow(mutation, pieces)
    case 'release': {
      const { tokenMin: token_min, suspect, crashes, ended } = mutation
      const state = stateCodes.ready
      return { ...unsettled, ...pieces.ended(ended), state, token_min, suspect, crashes }
    }
    case 'note':
      return { ...unsettled, ...pieces.running(mutation.running) }
    case 'redrive': {
      const { attemptsMax: attempts_max, readyMs } = mutation
      const state = stateCodes.ready
      return { ...dead, state, attempts_max, due: bigintOf(readyMs), clears_end: true }
    }
    default:
      return unreachable(mutation)
  }
}

function settleRow(settle: Extract<Mutation, { type: 'settle' }>, pieces: Pieces): Row {
  const { state, endedMs, attempts, crashes, instructions, deathReason, ended } = settle
  return {
    ...unsettled,
    ...pieces.instructions(instructions),
    ...pieces.ended(ended),
    ...{
      state: stateCodes[state],
      ended: bigintOf(endedMs),
      attempts,
      crashes,
      death: deathReason,
    },
    // A job that is done has no error to show; its attempts still have.
    ...(state === 'done' ? { clears_error: true } : { last_error: errorOf(ended) }),
  }
}

function insertRow(job: JobRecord, pieces: Pieces): Row {
  return {
    kind: rowKinds.insert,
    sequence: job.sequence,
    phase: job.phase,
    id: job.id,
    state: stateCodes[job.state],
    rank: 0 - job.priority,
    attempts: job.attempts,
    crashes: job.crashes,
    attempts_max: job.attemptsMax,
    suspect: job.suspect,
    enqueued: bigintOf(job.enqueuedMs),
    due: bigintOf(job.dueMs),
    ended: job.endedMs === undefined ? undefined : bigintOf(job.endedMs),
    checksum: job.checksum,
    death: job.deathReason,
    token_min: job.tokenMin,
    replay_of: job.replayOf,
    last_error: job.lastError,
    ...pieces.running(job.running),
    ...pieces.instructions(job.instructions),
  }
}

function errorOf(ended: AttemptRecord | undefined): string | undefined {
  return ended?.error === undefined ? undefined : lastErrorOf(ended.error)
}
