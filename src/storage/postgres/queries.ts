/**
 * What the owner reads: each statement follows one index and costs what it returns, whatever the backlog.
 * The session forbids the planner everything else (`sessions.ts`).
 */
import type { JobRecord } from '../../core/job.ts'
import type { DueCursor, ReadyCursor, ShardRef, ShardSummary } from '../contract.ts'
import type { Session } from './connection.ts'
import type { PgRow, PgValue } from './driver.ts'
import { bigintOf, jobColumns, numberOf, recordOf } from './rows.ts'
import { storedText } from './text.ts'

export class JobQueries {
  readonly #job: string
  readonly #shard: string
  readonly #paused: string

  constructor(schema: string) {
    this.#job = `${schema}.job`
    this.#paused = `${schema}.paused`
    this.#shard = `(SELECT key FROM ${schema}.shard WHERE pipeline = $1 AND shard = $2)`
  }

  /** Ready jobs of a phase after the cursor. */
  async ready(
    session: Session,
    ref: ShardRef,
    range: { phase: number; after?: ReadyCursor; limit: number },
  ): Promise<JobRecord[]> {
    const { phase, after, limit } = range
    if (limit <= 0) return []
    const behind = after === undefined ? '' : 'AND (rank, sequence) > ($5, $6)'
    const place = after === undefined ? [] : [-after.priority, after.sequence]
    const rows = await session.rows(
      `SELECT ${jobColumns} FROM ${this.#job} WHERE state = 0 AND shard_key = ${this.#shard}
        AND phase = $3 ${behind} ORDER BY rank, sequence LIMIT $4`,
      ...[...keyOf(ref), phase, limit, ...place],
    )
    return records(rows, ref)
  }

  /** Scheduled jobs behind the cursor that are due by `untilMs`, and when the first of the others is due. */
  async due(
    session: Session,
    ref: ShardRef,
    range: { untilMs: number; after?: DueCursor; limit: number },
  ): Promise<{ jobs: JobRecord[]; nextDueMs?: number }> {
    const { untilMs, after, limit } = range
    const from = `FROM ${this.#job} WHERE state = 1 AND shard_key = ${this.#shard}
      AND (due, sequence) > ($3, $4)`
    const place = [...keyOf(ref), after?.dueMs ?? -1, after?.sequence ?? -1]
    const rows = await session.rows(
      `SELECT ${jobColumns} ${from} AND due <= $5 ORDER BY due, sequence LIMIT $6`,
      ...[...place, bigintOf(untilMs), Math.max(0, limit)],
    )
    // Those returned are the first in this order: the next one is right behind them.
    const next = `SELECT due ${from} ORDER BY due, sequence LIMIT 1 OFFSET $5`
    const [row] = await session.rows(next, ...place, rows.length)
    const jobs = records(rows, ref)
    return row === undefined ? { jobs } : { jobs, nextDueMs: numberOf(row[0]) }
  }

  async byIds(session: Session, ref: ShardRef, ids: readonly string[]): Promise<JobRecord[]> {
    if (ids.length === 0) return []
    const rows = await session.rows(
      `SELECT ${jobColumns} FROM ${this.#job} WHERE shard_key = ${this.#shard} AND id = ANY($3)`,
      ...[...keyOf(ref), ids.map(storedText)],
    )
    const found = new Map(records(rows, ref).map((job) => [job.id, job]))
    return ids.flatMap((id) => found.get(id) ?? [])
  }

  async summary(session: Session, ref: ShardRef): Promise<Omit<ShardSummary, 'lastSequence'>> {
    const phases = await this.#waiting(session, ref)
    const { nextDueMs } = await this.due(session, ref, { untilMs: 0, limit: 0 })
    const paused = await session.rows(
      `SELECT phase FROM ${this.#paused} WHERE shard_key = ${this.#shard} ORDER BY phase`,
      ...keyOf(ref),
    )
    const noted = await session.rows(
      `SELECT ${jobColumns} FROM ${this.#job} WHERE running IS NOT NULL AND state <= 1
        AND shard_key = ${this.#shard} ORDER BY sequence`,
      ...keyOf(ref),
    )
    return {
      phases,
      settled: {
        done: await this.#count(session, ref, 'state IN (2, 3) AND state = 2'),
        dead: await this.#count(session, ref, 'state = 4'),
        cancelled: await this.#count(session, ref, 'state IN (2, 3) AND state = 3'),
      },
      ...(nextDueMs === undefined ? {} : { nextDueMs }),
      paused: paused.map((row) => numberOf(row[0])),
      noted: records(noted, ref),
    }
  }

  async #waiting(session: Session, ref: ShardRef): Promise<ShardSummary['phases']> {
    const waiting = new Map<number, { phase: number; ready: number; scheduled: number }>()
    for (const [state, code] of [
      ['ready', 0],
      ['scheduled', 1],
    ] as const) {
      const rows = await session.rows(
        `SELECT phase, count(*) FROM ${this.#job} WHERE state = ${code} AND shard_key = ${this.#shard}
          GROUP BY phase`,
        ...keyOf(ref),
      )
      for (const row of rows) {
        const phase = numberOf(row[0])
        const entry = waiting.get(phase) ?? { phase, ready: 0, scheduled: 0 }
        waiting.set(phase, { ...entry, [state]: numberOf(row[1]) })
      }
    }
    return [...waiting.values()].sort((a, b) => a.phase - b.phase)
  }

  async #count(session: Session, ref: ShardRef, where: string): Promise<number> {
    const text = `SELECT count(*) FROM ${this.#job} WHERE ${where} AND shard_key = ${this.#shard}`
    return numberOf((await session.rows(text, ...keyOf(ref)))[0]?.[0])
  }
}

/** A shard as the first two parameters of a statement. */
export function keyOf({ pipeline, shard }: ShardRef): [pipeline: PgValue, shard: PgValue] {
  return [storedText(pipeline), shard]
}

function records(rows: readonly PgRow[], { shard }: ShardRef): JobRecord[] {
  return rows.map((row) => recordOf(row, shard))
}
