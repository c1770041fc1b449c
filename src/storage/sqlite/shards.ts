/** The rows of the pipeline, and of a shard: who owns it, and the last group with its answers. */
import type { Group } from '../../core/mutation.ts'
import type { Ownership } from '../ownership.ts'
import type { SqliteDatabase, SqliteStatement } from './driver.ts'
import { numberOf, textOf } from './rows.ts'

/** A shard as it is stored. */
export interface ShardRow extends Ownership {
  readonly lastSequence: number
  /** '' before the first group. */
  readonly lastGroup: string
  readonly lastAnswer: string
}

/** One per open file: it keeps the prepared statements. */
export class ShardRows {
  readonly #get: SqliteStatement
  readonly #own: SqliteStatement
  readonly #renew: SqliteStatement
  readonly #release: SqliteStatement
  readonly #committed: SqliteStatement

  constructor(database: SqliteDatabase) {
    this.#get = database.prepare('SELECT * FROM shard WHERE shard = ?')
    this.#own = database.prepare(`INSERT INTO shard VALUES (?, ?, ?, ?, 0, 0, '', '')
      ON CONFLICT (shard) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch,
      until = excluded.until, released = 0`)
    const owned = 'WHERE shard = ? AND epoch = ? AND released = 0'
    this.#renew = database.prepare(`UPDATE shard SET until = ? ${owned}`)
    this.#release = database.prepare(`UPDATE shard SET released = 1 ${owned}`)
    this.#committed = database.prepare(`UPDATE shard SET last_sequence = max(last_sequence, ?),
      last_group = ?, last_answer = ? WHERE shard = ?`)
  }

  get(shard: number): ShardRow | undefined {
    const row = this.#get.get(shard)
    if (row === undefined) return undefined
    return {
      owner: textOf(row['owner']),
      epoch: numberOf(row['epoch']),
      untilMs: numberOf(row['until']),
      released: row['released'] === 1,
      lastSequence: numberOf(row['last_sequence']),
      lastGroup: textOf(row['last_group']),
      lastAnswer: textOf(row['last_answer']),
    }
  }

  own(shard: number, next: Ownership): void {
    this.#own.run(shard, next.owner, next.epoch, next.untilMs)
  }

  renew(shard: number, epoch: number, untilMs: number): boolean {
    return this.#renew.run(untilMs, shard, epoch) === 1
  }

  release(shard: number, epoch: number): void {
    this.#release.run(shard, epoch)
  }

  committed(shard: number, group: Group, done: { lastSequence: number; answer: string }): void {
    this.#committed.run(done.lastSequence, group.id, done.answer, shard)
  }
}

/** Job types of a pipeline as they are stored; none when it was never registered. */
export function registeredTypes(database: SqliteDatabase, pipeline: string): readonly string[] {
  const row = database.prepare('SELECT job_types FROM pipeline WHERE name = ?').get(pipeline)
  return row === undefined ? [] : (JSON.parse(textOf(row['job_types'])) as string[])
}
