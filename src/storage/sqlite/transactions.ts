/**
 * One transaction at a time, and what its failure means: before COMMIT nothing was applied; a COMMIT that
 * fails for another reason than a full disk may or may not be in the log after a restart.
 */
import type { SqliteDatabase, SqliteStatement } from './driver.ts'
import { explained, failureOf } from './failures.ts'

/** Runs changes atomically. One per open file. */
export class Transactions {
  readonly #path: string
  readonly #begin: SqliteStatement
  readonly #commit: SqliteStatement
  readonly #rollback: SqliteStatement

  constructor(database: SqliteDatabase, path: string) {
    this.#path = path
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
  }

  /**
   * Throws what `change` throws, rolled back; CT_STORE_FULL, CT_STORE_FAILED or CT_STORE_FOREIGN when SQLite
   * fails before the commit; and what `unknown` makes of a commit that failed in a way that leaves it open, or
   * for which another process holds the lock: that is to be tried again.
   */
  run<T>(change: () => T, unknown?: (cause: unknown) => Error): T {
    let result: T
    try {
      this.#begin.run()
      result = change()
    } catch (error) {
      this.#undo()
      if (failureOf(error) === 'busy' && unknown !== undefined) throw unknown(error)
      throw explained(error, this.#path)
    }
    try {
      this.#commit.run()
    } catch (error) {
      this.#undo()
      if (failureOf(error) === 'full' || unknown === undefined) throw explained(error, this.#path)
      throw unknown(error)
    }
    return result
  }

  /** SQLite may have rolled back by itself: then this fails, and that is right. */
  #undo(): void {
    try {
      this.#rollback.run()
    } catch {
      // Nothing was open.
    }
  }
}
