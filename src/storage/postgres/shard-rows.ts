/** The row of a shard: who owns it, and the last group with its answers. */
import type { CommitAnswer, Group } from '../../core/mutation.ts'
import type { AcquireAnswer, ShardRef } from '../contract.ts'
import { claimShard, type Ownership } from '../ownership.ts'
import { unpackAnswer } from '../packed-answer.ts'
import { fenced, groupLate, groupLost, mutationMisfit } from '../storage-errors.ts'
import { commitCall, misfitState } from './commit-function.ts'
import { inTransaction, type Session } from './connection.ts'
import type { PgRow } from './driver.ts'
import { stateOf } from './failures.ts'
import { groupValues } from './group-rows.ts'
import { keyOf } from './queries.ts'
import { numberOf, textOf } from './rows.ts'
import { storedText } from './text.ts'

/** An epoch, and who acquired it; `undefined` when somebody else did, in another process. */
export interface Claimed {
  readonly epoch: number
  readonly owner: string | undefined
  /** Id of the group that was answered last; `undefined` when none was, or it is not known. */
  readonly lastGroup: string | undefined
}

export class ShardRows {
  readonly #table: string
  readonly #commit: string
  readonly #nowMs: (() => number) | undefined

  /** @param nowMs in place of the server's clock */
  constructor(schema: string, nowMs: (() => number) | undefined) {
    this.#table = `${schema}.shard`
    this.#commit = commitCall(schema)
    this.#nowMs = nowMs
  }

  async acquire(
    session: Session,
    ref: ShardRef,
    wish: { owner: string; ttlMs: number },
  ): Promise<AcquireAnswer> {
    return await inTransaction(session, async () => await this.#claim(session, ref, wish))
  }

  async #claim(
    session: Session,
    ref: ShardRef,
    wish: { owner: string; ttlMs: number },
  ): Promise<AcquireAnswer> {
    const insert = `INSERT INTO ${this.#table} (pipeline, shard) VALUES ($1, $2) ON CONFLICT DO NOTHING`
    await session.run(insert, ...keyOf(ref))
    const [row] = await session.rows(
      `SELECT owner, epoch, until, released FROM ${this.#table} WHERE pipeline = $1 AND shard = $2 FOR UPDATE`,
      ...keyOf(ref),
    )
    // After the lock: whoever waited for it must not claim with the time of before.
    const nowMs = await this.#now(session)
    const { answer, next } = claimShard(ownershipOf(row), { ...wish, nowMs, ownerDied: false })
    if (next !== undefined) await this.#own(session, ref, next)
    return answer
  }

  async renew(
    session: Session,
    ref: ShardRef,
    { epoch, owner }: Claimed,
    ttlMs: number,
  ): Promise<boolean> {
    const until = Math.floor((await this.#now(session)) + ttlMs)
    const text = `UPDATE ${this.#table} SET until = $5 ${owned}`
    return (await session.run(text, ...keyOf(ref), epoch, storedNullable(owner), until)) === 1
  }

  async release(session: Session, ref: ShardRef, { epoch, owner }: Claimed): Promise<void> {
    const text = `UPDATE ${this.#table} SET released = true ${owned}`
    await session.run(text, ...keyOf(ref), epoch, storedNullable(owner))
  }

  async owners(
    session: Session,
    pipeline: string,
    shards: readonly number[],
  ): Promise<ReadonlyMap<number, string>> {
    const text = `SELECT shard, owner FROM ${this.#table}
      WHERE pipeline = $1 AND shard = ANY ($2) AND epoch > 0 AND NOT released AND until > $3`
    const nowMs = Math.floor(await this.#now(session))
    const rows = await session.rows(text, storedText(pipeline), shards, nowMs)
    return new Map(rows.map(([shard, owner]) => [numberOf(shard), textOf(owner)]))
  }

  async lastSequence(session: Session, ref: ShardRef): Promise<number> {
    const text = `SELECT last_sequence FROM ${this.#table} WHERE pipeline = $1 AND shard = $2`
    return numberOf((await session.rows(text, ...keyOf(ref)))[0]?.[0])
  }

  /** One round trip, one transaction. Throws CT_FENCED, CT_INTERNAL, or an error of `pg`. */
  async commit(
    session: Session,
    ref: ShardRef,
    { epoch, owner, lastGroup }: Claimed,
    group: Group,
  ): Promise<CommitAnswer> {
    const head = [...keyOf(ref), epoch, storedNullable(owner), storedText(group.id), group.number]
    try {
      const [row] = await session.rows(
        this.#commit,
        ...[...head, storedNullable(lastGroup), ...groupValues(group)],
      )
      const [refused, newest, answer] = row ?? []
      if (refused === 'fenced') {
        throw fenced(ref, epoch, newest === null ? undefined : numberOf(newest))
      }
      if (refused === 'late') throw groupLate(ref, group)
      if (refused === 'lost') throw groupLost(ref, lastGroup ?? '')
      return unpackAnswer(textOf(answer), group)
    } catch (error) {
      if (stateOf(error) === misfitState) throw misfitOf(error as PgError, ref, group)
      throw error
    }
  }

  async #own(session: Session, ref: ShardRef, next: Ownership): Promise<void> {
    const text = `UPDATE ${this.#table} SET owner = $3, epoch = $4, until = $5, released = false, last_number = 0
      WHERE pipeline = $1 AND shard = $2`
    const { owner, epoch, untilMs } = next
    await session.run(text, ...keyOf(ref), storedText(owner), epoch, Math.floor(untilMs))
  }

  async #now(session: Session): Promise<number> {
    if (this.#nowMs !== undefined) return this.#nowMs()
    const micros = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint'
    return numberOf((await session.rows(micros))[0]?.[0]) / 1_000
  }
}

type PgError = Error & { readonly detail?: string }

const owned = `WHERE pipeline = $1 AND shard = $2 AND epoch = $3 AND NOT released
  AND owner = coalesce($4, owner)`

function storedNullable(text: string | undefined): string | null {
  return text === undefined ? null : storedText(text)
}

function ownershipOf(row: PgRow | undefined): Ownership | undefined {
  const [owner, epoch, until, released] = row ?? []
  // The row is made by the first claim.
  if (numberOf(epoch) === 0) return undefined
  const [untilMs, isReleased] = [numberOf(until), released === true]
  return { owner: textOf(owner), epoch: numberOf(epoch), untilMs, released: isReleased }
}

function misfitOf(error: PgError, ref: ShardRef, group: Group): Error {
  const mutation = group.mutations[Number(error.detail)]
  return mutation === undefined ? error : mutationMisfit(ref, mutation, error.message)
}
