/**
 * Removes settled jobs that are too old or too many, oldest first, a slice at a time. How many jobs are done
 * or cancelled is counted once and then followed: counting 100,000 of them for every slice would cost more
 * than the slice.
 */
import type { RetentionPolicy } from '../contract.ts'
import type { SqliteDatabase, SqliteStatement } from './driver.ts'
import { numberOf } from './rows.ts'

const ended = 'job INDEXED BY ended_jobs WHERE state IN (2, 3) AND shard = ?'
const dead = 'job INDEXED BY dead_jobs WHERE state = 4 AND shard = ?'

/** One per open file. Its methods run inside a transaction of the caller. */
export class Retention {
  readonly #count: SqliteStatement
  readonly #deadByAge: SqliteStatement
  readonly #endedByAge: SqliteStatement
  readonly #endedOldest: SqliteStatement
  /** Done and cancelled jobs, by shard. Missing = not counted yet. */
  readonly #endedJobs = new Map<number, number>()

  constructor(database: SqliteDatabase) {
    const oldest = 'ORDER BY ended, n LIMIT ?'
    const removal = (which: string): SqliteStatement =>
      database.prepare(`DELETE FROM job WHERE n IN (SELECT n FROM ${which} ${oldest})`)
    this.#count = database.prepare(`SELECT count(*) AS jobs FROM ${ended}`)
    this.#deadByAge = removal(`${dead} AND ended < ?`)
    this.#endedByAge = removal(`${ended} AND ended < ?`)
    this.#endedOldest = removal(ended)
  }

  /** A committed group made this many more done and cancelled jobs. */
  changed(shard: number, delta: number): void {
    const known = this.#endedJobs.get(shard)
    if (known !== undefined) this.#endedJobs.set(shard, known + delta)
  }

  /** After a failed transaction: count anew. */
  forget(shard: number): void {
    this.#endedJobs.delete(shard)
  }

  /** Answers how many jobs were removed, at most `limit`. */
  prune(shard: number, policy: RetentionPolicy, limit: number): number {
    const { nowMs, deadKeepMs, settledKeepMs, settledKeepJobs } = policy
    let left = Math.max(0, Math.floor(limit))
    left -= this.#deadByAge.run(shard, nowMs - deadKeepMs, left)

    const before = this.#endedJobs.get(shard) ?? numberOf(this.#count.get(shard)?.['jobs'])
    const old = this.#endedByAge.run(shard, nowMs - settledKeepMs, left)
    left -= old
    const tooMany = Math.max(0, Math.min(left, before - old - settledKeepJobs))
    const extra = tooMany === 0 ? 0 : this.#endedOldest.run(shard, tooMany)
    left -= extra
    this.#endedJobs.set(shard, before - old - extra)
    return Math.max(0, Math.floor(limit)) - left
  }
}
