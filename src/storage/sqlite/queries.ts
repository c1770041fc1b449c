/**
 * Everything that reads jobs. The owner's reads follow an index and cost what they return. People's lists
 * and counts run on the same thread as the owner's work: they look at a bounded number of rows and then
 * answer with what they have and a cursor.
 */
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import { countExactMax } from '../contract.ts'
import type {
  DueCursor,
  JobCount,
  JobPage,
  JobQuery,
  ReadyCursor,
  ShardSummary,
} from '../contract.ts'
import { pageLimit, sequenceOfCursor } from '../page-cursor.ts'
import type { SqliteDatabase, SqliteListStatement, SqliteStatement } from './driver.ts'
import type { SqliteValue } from './driver.ts'
import { attemptsOf, jobColumns, numberOf, readyColumns, readyRecordOf, recordOf } from './rows.ts'
import { rowNumber } from './rows.ts'
import { rowsPerShard } from './schema.ts'

/** Rows that one page of a list may look at, a few milliseconds' worth. */
const listRowsMax = 20_000
/** Rows that one count may look at. */
const countRowsMax = 50_000

/** The partial index of each state, and the words that let SQLite see that it applies. */
const indexes = {
  ready: { name: 'ready_jobs', where: 'state = 0' },
  scheduled: { name: 'scheduled_jobs', where: 'state = 1' },
  done: { name: 'ended_jobs', where: 'state IN (2, 3) AND state = 2' },
  cancelled: { name: 'ended_jobs', where: 'state IN (2, 3) AND state = 3' },
  dead: { name: 'dead_jobs', where: 'state = 4' },
} as const

/** Where a list or count looks, and for what. */
interface Search {
  /** `job INDEXED BY …` or `job NOT INDEXED` (in order of arrival). */
  readonly source: string
  readonly where: string
  readonly values: readonly SqliteValue[]
}

/** One per open file: it keeps the prepared statements. */
export class JobQueries {
  readonly #database: SqliteDatabase
  readonly #statements = new Map<string, SqliteStatement>()
  readonly #lists = new Map<string, SqliteListStatement>()

  constructor(database: SqliteDatabase) {
    this.#database = database
  }

  /** Ready jobs of a phase after the cursor: the rest of its priority, then the lower ones. */
  ready(shard: number, range: { phase: number; after?: ReadyCursor; limit: number }): JobRecord[] {
    const { phase, after, limit } = range
    if (limit <= 0) return []
    const queue = { shard, phase }
    if (after === undefined) return this.#ready(queue, '', limit)
    const rank = -after.priority
    const last = rowNumber(shard, after.sequence)
    const jobs = this.#ready(queue, 'AND rank = ? AND n > ?', rank, last, limit)
    if (jobs.length === limit) return jobs
    return [...jobs, ...this.#ready(queue, 'AND rank > ?', rank, limit - jobs.length)]
  }

  #ready(
    queue: { shard: number; phase: number },
    behind: string,
    ...values: readonly SqliteValue[]
  ): JobRecord[] {
    const { shard, phase } = queue
    const statement = this.#prepareList(
      `SELECT ${readyColumns} FROM job INDEXED BY ready_jobs
        WHERE state = 0 AND shard = ? AND phase = ? ${behind} ORDER BY rank, n LIMIT ?`,
    )
    const jobs: JobRecord[] = []
    for (const row of statement.all(shard, phase, ...values)) {
      const plain = readyRecordOf(row, queue)
      if (plain !== undefined) jobs.push(plain)
      else jobs.push(...this.#records('job WHERE n = ?', row[0] ?? null))
    }
    return jobs
  }

  /** Scheduled jobs behind the cursor that are due by `untilMs`, and when the first of the others is due. */
  due(
    shard: number,
    range: { untilMs: number; after?: DueCursor; limit: number },
  ): { jobs: JobRecord[]; nextDueMs?: number } {
    const { untilMs, after, limit } = range
    // The first comparison lets SQLite find the place in its index, the second is exact.
    const from = `job INDEXED BY scheduled_jobs WHERE state = 1 AND shard = ? AND due >= ?
      AND (due > ? OR n > ?)`
    const dueMs = after?.dueMs ?? 0
    const place = [shard, dueMs, dueMs, after === undefined ? -1 : rowNumber(shard, after.sequence)]
    const due = `${from} AND due <= ? ORDER BY due, n LIMIT ?`
    const jobs = this.#records(due, ...place, untilMs, Math.max(0, limit))
    const next = this.#prepare(`SELECT due FROM ${from} ORDER BY due, n LIMIT 1 OFFSET ?`)
    // Those returned are the first in this order: the next one is right behind them.
    const row = next.get(...place, jobs.length)
    return row === undefined ? { jobs } : { jobs, nextDueMs: numberOf(row['due']) }
  }

  byIds(shard: number, ids: readonly string[]): JobRecord[] {
    return ids.flatMap((id) => this.#records('job WHERE id = ? AND shard = ?', id, shard))
  }

  attempts(shard: number, id: string): AttemptRecord[] {
    const history = this.#prepare('SELECT history FROM job WHERE id = ? AND shard = ?')
    return attemptsOf(history.get(id, shard)?.['history'])
  }

  list(shard: number, query: JobQuery, page: { after?: string; limit: number }): JobPage {
    const before = rowBefore(shard, sequenceOfCursor(page.after))
    const limit = pageLimit(page.limit)
    const search = this.#search(shard, query)
    const from = search.source === 'job NOT INDEXED' ? this.#lowest(shard, before) : undefined
    const floor = from ?? shard * rowsPerShard
    const found = this.#records(
      `job WHERE n IN (SELECT n FROM ${search.source} WHERE n >= ? AND n < ?
        AND ${search.where} ORDER BY n DESC LIMIT ?) ORDER BY n DESC`,
      ...[floor, before, ...search.values, limit + 1],
    )
    const jobs = found.slice(0, limit)
    const last = jobs.at(-1)
    if (found.length > limit && last !== undefined) return { jobs, next: String(last.sequence) }
    return from === undefined ? { jobs } : { jobs, next: String(from - shard * rowsPerShard) }
  }

  count(shard: number, query: JobQuery): JobCount {
    const { source, where, values } = this.#search(shard, query, countRowsMax)
    const range = `n >= ? AND n < ?`
    const columns = 'n, state, shard, phase, enqueued, last_error'
    const ofShard = [shard * rowsPerShard, (shard + 1) * rowsPerShard]
    const scanned =
      source === 'job NOT INDEXED'
        ? `(SELECT ${columns} FROM ${source} WHERE ${range} LIMIT ${countRowsMax})`
        : `${source}`
    const counted = this.#prepare(
      `SELECT count(*) AS jobs FROM (SELECT 1 FROM ${scanned} WHERE ${range} AND ${where} LIMIT ?)`,
    )
    const first = source === 'job NOT INDEXED' ? [...ofShard, ...ofShard] : ofShard
    const jobs = numberOf(counted.get(...first, ...values, countExactMax + 1)?.['jobs'])
    if (jobs > countExactMax) return { count: countExactMax, more: true }
    return { count: jobs, more: source === 'job NOT INDEXED' && this.#isLarge(shard) }
  }

  summary(shard: number): Omit<ShardSummary, 'lastSequence'> {
    const waiting = new Map<number, { phase: number; ready: number; scheduled: number }>()
    for (const state of ['ready', 'scheduled'] as const) {
      for (const [phase, jobs] of this.#countPhases(shard, state)) {
        const entry = waiting.get(phase) ?? { phase, ready: 0, scheduled: 0 }
        waiting.set(phase, { ...entry, [state]: jobs })
      }
    }
    const { nextDueMs } = this.due(shard, { untilMs: 0, limit: 0 })
    const paused = this.#prepare('SELECT phase FROM paused WHERE shard = ? ORDER BY phase')
    return {
      phases: [...waiting.values()].sort((a, b) => a.phase - b.phase),
      settled: {
        done: this.#countState(shard, 'done'),
        dead: this.#countState(shard, 'dead'),
        cancelled: this.#countState(shard, 'cancelled'),
      },
      ...(nextDueMs === undefined ? {} : { nextDueMs }),
      paused: paused.all(shard).map((row) => numberOf(row['phase'])),
      noted: this.#records(
        'job INDEXED BY noted_jobs WHERE running IS NOT NULL AND state <= 1 AND shard = ? ORDER BY n',
        shard,
      ),
    }
  }

  /** Jobs by phase: whoever takes over a backlog waits for it. */
  #countPhases(shard: number, state: 'ready' | 'scheduled'): [phase: number, jobs: number][] {
    const { name, where } = indexes[state]
    const from = `FROM job INDEXED BY ${name} WHERE ${where} AND shard = ?`
    if (state === 'scheduled') {
      const rows = this.#prepare(`SELECT phase, count(*) AS jobs ${from} GROUP BY phase`).all(shard)
      return rows.map((row) => [numberOf(row['phase']), numberOf(row['jobs'])])
    }
    // Each phase on its own: in half the time that GROUP BY takes, though the index is in this order.
    const counts: [number, number][] = []
    const next = this.#prepare(`SELECT min(phase) AS phase ${from} AND phase > ?`)
    const count = this.#prepare(`SELECT count(*) AS jobs ${from} AND phase = ?`)
    for (let phase = -1; ;) {
      const found = next.get(shard, phase)?.['phase']
      if (typeof found !== 'number') return counts
      phase = found
      counts.push([phase, numberOf(count.get(shard, phase)?.['jobs'])])
    }
  }

  #countState(shard: number, state: keyof typeof indexes): number {
    const { name, where } = indexes[state]
    const count = `SELECT count(*) AS jobs FROM job INDEXED BY ${name} WHERE ${where} AND shard = ?`
    return numberOf(this.#prepare(count).get(shard)?.['jobs'])
  }

  /** Jobs of one state are looked up in its index, unless that has too many to be sorted. */
  #search(shard: number, query: JobQuery, rowsMax = listRowsMax): Search {
    const { state } = query
    const conditions = conditionsOf(query)
    if (state === undefined || state === 'unsettled') {
      const where = state === undefined ? '' : ' AND state <= 1'
      return { source: 'job NOT INDEXED', ...conditions, where: conditions.where + where }
    }
    const { name, where } = indexes[state]
    const source = `job INDEXED BY ${name}`
    const ofState = `${where} AND shard = ${shard}`
    const few = this.#prepare(
      `SELECT count(*) AS jobs FROM (SELECT 1 FROM ${source} WHERE ${ofState} LIMIT ?)`,
    )
    const isFew = numberOf(few.get(rowsMax)?.['jobs']) < rowsMax
    return isFew
      ? { source, values: conditions.values, where: `${conditions.where} AND ${ofState}` }
      : { source: 'job NOT INDEXED', ...conditions, where: `${conditions.where} AND ${where}` }
  }

  /** Row where a scan downwards from `before` has seen `listRowsMax` rows; `undefined` when it ends first. */
  #lowest(shard: number, before: number): number | undefined {
    const row = this.#prepare(
      'SELECT n FROM job NOT INDEXED WHERE n >= ? AND n < ? ORDER BY n DESC LIMIT 1 OFFSET ?',
    ).get(shard * rowsPerShard, before, listRowsMax - 1)
    return row === undefined ? undefined : numberOf(row['n'])
  }

  #isLarge(shard: number): boolean {
    const row = this.#prepare(
      'SELECT n FROM job NOT INDEXED WHERE n >= ? AND n < ? ORDER BY n LIMIT 1 OFFSET ?',
    ).get(shard * rowsPerShard, (shard + 1) * rowsPerShard, countRowsMax)
    return row !== undefined
  }

  /** Jobs of `SELECT … FROM` this. */
  #records(from: string, ...values: readonly SqliteValue[]): JobRecord[] {
    const statement = this.#prepareList(`SELECT ${jobColumns} FROM ${from}`)
    return statement.all(...values).map(recordOf)
  }

  #prepareList(text: string): SqliteListStatement {
    let statement = this.#lists.get(text)
    if (statement === undefined) {
      this.#lists.set(text, (statement = this.#database.prepareList(text)))
    }
    return statement
  }

  #prepare(text: string): SqliteStatement {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      this.#statements.set(text, (statement = this.#database.prepare(text)))
    }
    return statement
  }
}

/** Everything but the state. */
function conditionsOf(query: JobQuery): { where: string; values: SqliteValue[] } {
  const { phase, error, enqueuedBeforeMs } = query
  const parts: [string, SqliteValue][] = []
  if (phase !== undefined) parts.push(['phase = ?', phase])
  if (enqueuedBeforeMs !== undefined) parts.push(['enqueued < ?', enqueuedBeforeMs])
  if (error !== undefined) parts.push(['is_part_of(?, last_error)', error])
  return {
    where: ['1', ...parts.map(([text]) => text)].join(' AND '),
    values: parts.map(([, value]) => value),
  }
}

function rowBefore(shard: number, sequence: number): number {
  return Math.min(shard * rowsPerShard + sequence, (shard + 1) * rowsPerShard)
}
