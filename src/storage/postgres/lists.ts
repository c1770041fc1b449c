/**
 * What people ask for, and retention: on connections of their own, so that nobody's search stands before
 * a commit.
 */
import type { AttemptRecord } from '../../core/job.ts'
import { countExactMax } from '../contract.ts'
import type { JobCount, JobPage, JobQuery, RetentionPolicy, ShardRef } from '../contract.ts'
import { pageLimit, sequenceOfCursor } from '../page-cursor.ts'
import type { Session } from './connection.ts'
import type { PgValue } from './driver.ts'
import { keyOf } from './queries.ts'
import { attemptsOf, bigintOf, jobColumns, numberOf, recordOf } from './rows.ts'
import { stateCodes } from './schema.ts'
import { icu, type ServerFacts } from './sessions.ts'
import { storedText } from './text.ts'

export class JobLists {
  readonly #job: string
  readonly #shard: string
  /** For upper and lower case. */
  readonly #collation: string

  constructor(schema: string, { hasIcu }: Pick<ServerFacts, 'hasIcu'>) {
    this.#collation = hasIcu ? `COLLATE "${icu}"` : ''
    this.#job = `${schema}.job`
    this.#shard = `(SELECT key FROM ${schema}.shard WHERE pipeline = $1 AND shard = $2)`
  }

  async list(
    session: Session,
    ref: ShardRef,
    query: JobQuery,
    page: { after?: string; limit: number },
  ): Promise<JobPage> {
    const before = sequenceOfCursor(page.after)
    const limit = pageLimit(page.limit)
    const { where, values } = this.#conditions(query, 5)
    const rows = await session.rows(
      `SELECT ${jobColumns} FROM ${this.#job} WHERE shard_key = ${this.#shard} AND sequence < $3
        ${where} ORDER BY sequence DESC LIMIT $4`,
      ...[...keyOf(ref), before, limit + 1, ...values],
    )
    const jobs = rows.slice(0, limit).map((row) => recordOf(row, ref.shard))
    const last = jobs.at(-1)
    return rows.length > limit && last !== undefined
      ? { jobs, next: String(last.sequence) }
      : { jobs }
  }

  async count(session: Session, ref: ShardRef, query: JobQuery): Promise<JobCount> {
    const { where, values } = this.#conditions(query, 3)
    const text = `SELECT count(*) FROM (SELECT 1 FROM ${this.#job} WHERE shard_key = ${this.#shard}
      ${where} LIMIT ${countExactMax + 1}) AS found`
    const [row] = await session.rows(text, ...keyOf(ref), ...values)
    const count = numberOf(row?.[0])
    return { count: Math.min(count, countExactMax), more: count > countExactMax }
  }

  async attempts(session: Session, ref: ShardRef, id: string): Promise<AttemptRecord[]> {
    const text = `SELECT history FROM ${this.#job} WHERE shard_key = ${this.#shard} AND id = $3`
    const [row] = await session.rows(text, ...keyOf(ref), storedText(id))
    return attemptsOf(row?.[0])
  }

  /**
   * Removes at most `limit` jobs: dead ones that are too old, then done and cancelled ones that are too old
   * or too many, which are both the oldest. It counts no further than it has to.
   */
  async prune(
    session: Session,
    ref: ShardRef,
    policy: RetentionPolicy,
    limit: number,
  ): Promise<number> {
    const { nowMs, deadKeepMs, settledKeepMs, settledKeepJobs } = policy
    const most = Math.max(0, bigintOf(limit))
    const kept = bigintOf(settledKeepJobs)
    const ended = `${this.#job} WHERE state IN (2, 3) AND shard_key = ${this.#shard}`
    const text = `
      WITH dead AS (
        SELECT sequence FROM ${this.#job} WHERE state = 4 AND shard_key = ${this.#shard} AND ended < $3
        ORDER BY ended, sequence LIMIT $6),
      old AS (SELECT count(*) AS jobs FROM (SELECT 1 FROM ${ended} AND ended < $4 LIMIT $6) AS due),
      kept AS (SELECT count(*) AS jobs FROM (SELECT 1 FROM ${ended} LIMIT $5::bigint + $6::bigint) AS most),
      finished AS (
        SELECT sequence FROM ${ended} ORDER BY ended, sequence
        LIMIT least($6 - (SELECT count(*) FROM dead),
          greatest((SELECT jobs FROM old), (SELECT jobs FROM kept) - $5, 0)))
      DELETE FROM ${this.#job} WHERE state >= 2 AND shard_key = ${this.#shard} AND sequence = ANY(ARRAY(
        SELECT sequence FROM dead UNION ALL SELECT sequence FROM finished))`
    const times = [nowMs - deadKeepMs, nowMs - settledKeepMs].map(bigintOf)
    return await session.run(text, ...keyOf(ref), ...times, kept, most)
  }

  /** Conditions with parameters from `$first` on. */
  #conditions(query: JobQuery, first: number): { where: string; values: PgValue[] } {
    const { state, phase, error, enqueuedBeforeMs } = query
    const values: PgValue[] = []
    const parts: string[] = []
    const add = (condition: (parameter: string) => string, value: PgValue): void => {
      parts.push(`AND ${condition(`$${first + values.length}`)}`)
      values.push(value)
    }
    if (state === 'unsettled') parts.push('AND state <= 1')
    else if (state !== undefined) parts.push(stateCondition(state))
    if (phase !== undefined) add((parameter) => `phase = ${parameter}`, phase)
    if (enqueuedBeforeMs !== undefined) {
      add((parameter) => `enqueued < ${parameter}`, bigintOf(enqueuedBeforeMs))
    }
    if (error !== undefined) {
      const lower = (text: string): string => `lower(${text}::text ${this.#collation})`
      const has = (part: string): string => `strpos(${lower('last_error')}, ${lower(part)}) > 0`
      add(has, storedText(error))
    }
    return { where: parts.join(' '), values }
  }
}

/** In the words of the partial indexes, so that the planner sees that one applies. */
function stateCondition(state: keyof typeof stateCodes): string {
  const isEnded = state === 'done' || state === 'cancelled'
  return `${isEnded ? 'AND state IN (2, 3) ' : ''}AND state = ${stateCodes[state]}`
}
