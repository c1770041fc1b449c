/**
 * Writes the mutations of one group, inside a transaction that the caller has begun and ends. One statement
 * each: the condition of an UPDATE is the compare, its SET the set. Zero changed rows mean that memory and
 * store have parted, and the caller rolls everything back.
 *
 * The history is appended in the row itself. `||` makes a text of two blobs, hence the CAST, which keeps
 * the bytes; it begins anew when it is longer than `historyBytesMax`.
 */
import { unreachable } from '../../core/invariant.ts'
import type { AttemptRecord } from '../../core/job.ts'
import type { Group, InsertAnswer, Mutation } from '../../core/mutation.ts'
import { historyBytesMax, lastErrorOf } from '../attempt-history.ts'
import type { ShardRef } from '../contract.ts'
import { packAttempt, packRunning } from '../packed.ts'
import { mutationMisfit } from '../storage-errors.ts'
import type { SqliteDatabase, SqliteStatement } from './driver.ts'
import { insertJob, jobValues, numberOf, rowNumber, textOf } from './rows.ts'
import { stateCodes } from './schema.ts'

/** Where a mutation expects its job. */
type Key = readonly [row: number, phase: number, id: string]

type MutationOf<T extends Mutation['type']> = Extract<Mutation, { type: T }>

/** What a group did, for the row of its shard and for the counters. */
export interface GroupEffect {
  readonly inserts: InsertAnswer[]
  /** Highest sequence that was stored; 0 when none. */
  lastSequence: number
  /** Done and cancelled jobs: more, or fewer, than before. */
  endedDelta: number
}

const append = `history = CAST(CASE WHEN length(history) > ${historyBytesMax} THEN x''
  ELSE ifnull(history, x'') END || ? AS BLOB)`
const unsettled = 'WHERE n = ? AND phase = ? AND id = ? AND state <= 1'
const isDead = `WHERE n = ? AND phase = ? AND id = ? AND state = ${stateCodes.dead}`
const isSettled = 'WHERE n = ? AND phase = ? AND id = ? AND state >= 2'
const wholePipeline = -1

const sql = {
  insert: insertJob,
  checksum: 'SELECT checksum FROM job WHERE id = ?',
  advance: `UPDATE job SET state = 0, phase = ?, attempts = 0, crashes = 0, attempts_max = 0, suspect = 0,
    due = ?, running = NULL, last_error = NULL, instructions = ?, ${append} ${unsettled}`,
  retry: `UPDATE job SET state = ?, due = ?, attempts = ?, crashes = ?, running = NULL,
    last_error = ifnull(?, last_error), ${append} ${unsettled}`,
  settle: `UPDATE job SET state = ?, ended = ?, attempts = ?, crashes = ?, death = ?, running = NULL,
    last_error = CASE WHEN ? THEN NULL ELSE ifnull(?, last_error) END ${unsettled}`,
  appendHistory: `UPDATE job SET ${append} WHERE n = ?`,
  finish: `UPDATE job SET state = ${stateCodes.done}, ended = ?, attempts = ?, crashes = ?, death = NULL,
    running = NULL, last_error = NULL, instructions = ?, ${append} ${unsettled}`,
  instructions: 'UPDATE job SET instructions = ? WHERE n = ?',
  release: `UPDATE job SET state = 0, token_min = ?, suspect = ?, crashes = ?, running = NULL ${unsettled}`,
  note: `UPDATE job SET running = ? ${unsettled}`,
  redrive: `UPDATE job SET state = 0, attempts_max = ?, due = ?, ended = NULL, death = NULL ${isDead}`,
  discard: `DELETE FROM job ${isDead}`,
  remove: `DELETE FROM job ${isSettled} RETURNING state`,
  pause: 'INSERT INTO paused VALUES (?, ?) ON CONFLICT DO NOTHING',
  resume: 'DELETE FROM paused WHERE shard = ? AND phase = ?',
  find: 'SELECT phase, state, id FROM job WHERE n = ?',
} as const

type Statements = { readonly [K in keyof typeof sql]: SqliteStatement }

/** One per open file: it keeps the prepared statements. */
export class GroupWriter {
  readonly #statements: Statements

  constructor(database: SqliteDatabase) {
    const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
    this.#statements = Object.fromEntries(prepared) as Statements
  }

  /** Throws CT_INTERNAL when a mutation does not fit; the transaction is then to be rolled back. */
  apply(ref: ShardRef, group: Group): GroupEffect {
    const effect: GroupEffect = { inserts: [], lastSequence: 0, endedDelta: 0 }
    for (const mutation of group.mutations) {
      if (mutation.type === 'insert') this.#insert(ref, mutation, effect)
      else this.#write(ref, mutation, effect)
    }
    return effect
  }

  #insert(ref: ShardRef, mutation: MutationOf<'insert'>, effect: GroupEffect): void {
    const { id, sequence, checksum } = mutation.job
    if (this.#statements.insert.run(...jobValues(ref.shard, mutation.job)) === 1) {
      effect.inserts.push({ id, outcome: 'stored' })
      if (sequence > effect.lastSequence) effect.lastSequence = sequence
      return
    }
    const known = this.#statements.checksum.get(id)
    if (known === undefined) throw mutationMisfit(ref, mutation, `sequence ${sequence} is taken`)
    const same = numberOf(known['checksum']) === checksum
    effect.inserts.push({ id, outcome: same ? 'duplicate' : 'conflict' })
  }

  #write(
    ref: ShardRef,
    mutation: Exclude<Mutation, { type: 'insert' }>,
    effect: GroupEffect,
  ): void {
    if (mutation.type === 'pause') {
      this.#statements.pause.run(ref.shard, mutation.phase ?? wholePipeline)
    } else if (mutation.type === 'resume') {
      this.#statements.resume.run(ref.shard, mutation.phase ?? wholePipeline)
    } else {
      const { sequence, phase, id } = mutation.job
      const key: Key = [rowNumber(ref.shard, sequence), phase, id]
      if (!this.#change(mutation, key, effect)) {
        throw mutationMisfit(ref, mutation, this.#found(key[0]))
      }
    }
  }

  #change(
    mutation: Exclude<Mutation, { type: 'insert' | 'pause' | 'resume' }>,
    key: Key,
    effect: GroupEffect,
  ): boolean {
    const statements = this.#statements
    switch (mutation.type) {
      case 'advance': {
        const { toPhase, readyMs, instructions, ended } = mutation
        const history = packAttempt(ended)
        const [row, phase, id] = key
        return statements.advance.run(toPhase, readyMs, instructions, history, row, phase, id) === 1
      }
      case 'retry':
        return this.#retry(mutation, key)
      case 'settle':
        return this.#settle(mutation, key, effect)
      case 'release': {
        const { tokenMin, suspect, crashes, ended } = mutation
        const changed = statements.release.run(tokenMin, suspect ? 1 : 0, crashes, ...key)
        return changed === 1 && this.#append(ended, key[0])
      }
      case 'note':
        return statements.note.run(packRunning(mutation.running), ...key) === 1
      case 'redrive':
        return statements.redrive.run(mutation.attemptsMax, mutation.readyMs, ...key) === 1
      case 'discard':
        return statements.discard.run(...key) === 1
      case 'remove': {
        const removed = statements.remove.get(...key)
        if (removed !== undefined && removed['state'] !== stateCodes.dead) effect.endedDelta -= 1
        return removed !== undefined
      }
      default:
        return unreachable(mutation)
    }
  }

  #retry(mutation: MutationOf<'retry'>, key: Key): boolean {
    const { dueMs, attempts, crashes, ended } = mutation
    const [state, due] =
      dueMs === 0 ? [stateCodes.ready, ended.endedMs] : [stateCodes.scheduled, dueMs]
    const values = [state, due, attempts, crashes, errorOf(ended), packAttempt(ended), ...key]
    return this.#statements.retry.run(...values) === 1
  }

  #settle(mutation: MutationOf<'settle'>, key: Key, effect: GroupEffect): boolean {
    const { state, endedMs, attempts, crashes, instructions, deathReason, ended } = mutation
    if (state !== 'dead') effect.endedDelta += 1
    // The common way to settle is one write; the others may take up to three.
    if (state === 'done' && instructions !== undefined && ended !== undefined) {
      const { finish } = this.#statements
      const [row, phase, id] = key
      const history = packAttempt(ended)
      const changed = finish.run(endedMs, attempts, crashes, instructions, history, row, phase, id)
      return changed === 1
    }
    const isDone = state === 'done' ? 1 : 0
    const outcome = [stateCodes[state], endedMs, attempts, crashes, deathReason ?? null]
    const changed = this.#statements.settle.run(...outcome, isDone, errorOf(ended), ...key)
    if (changed !== 1) return false
    if (instructions !== undefined) this.#statements.instructions.run(instructions, key[0])
    return this.#append(ended, key[0])
  }

  #append(ended: AttemptRecord | undefined, row: number): boolean {
    return ended === undefined || this.#statements.appendHistory.run(packAttempt(ended), row) === 1
  }

  #found(row: number): string {
    const found = this.#statements.find.get(row)
    if (found === undefined) return 'no such job'
    const { phase, state, id } = found
    return `phase ${numberOf(phase)}, state ${numberOf(state)}, job ${textOf(id)}`
  }
}

function errorOf(ended: AttemptRecord | undefined): string | null {
  return ended?.error === undefined ? null : lastErrorOf(ended.error)
}
