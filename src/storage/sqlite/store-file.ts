/**
 * A store file in the hands of somebody who is not its owner, and need not know whose jobs are in it: for
 * audits and for the doctor. Never writes. The owner may be at work: each page of jobs is read as it was
 * at one moment.
 */
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import { storeForeign } from '../storage-errors.ts'
import {
  loadDriver,
  type SqliteDatabase,
  type SqliteListStatement,
  type SqliteRow,
} from './driver.ts'
import { explained } from './failures.ts'
import { inspectFile } from './header.ts'
import { readOnlyOpen } from './read-only.ts'
import { ballastBytesOf, freeBytesMinDefault } from './room.ts'
import { attemptsOf, jobColumns, numberOf, recordOf, textOf } from './rows.ts'
import { registeredTypes } from './shards.ts'

/** A job, and its history unless that cannot be read. */
export interface StoredJob {
  readonly id: string
  readonly job: { readonly record: JobRecord; readonly attempts: readonly AttemptRecord[] } | Error
}

/** What the file says of itself. */
export interface StoreFileFacts {
  readonly pipeline: string
  /** Of its phases, in their order; none before a manager has started on it. */
  readonly jobTypes: readonly string[]
  readonly schemaVersion: number
  readonly sqliteVersion: string
  readonly driver: string
  /** Who opened it last for writing. */
  readonly holder: string
  /** Shards whose owner has not released them: it is at work, or has died. */
  readonly ownedShards: number
  /** With less free space on the disk its owner lets no new jobs in. */
  readonly freeBytesMin: number
  /** Kept beside the file, for settling on a full disk. */
  readonly ballastBytes: number
}

/** Jobs of one page, some milliseconds' worth. */
const pageJobs = 500
/** Lines that `quick_check` may give. */
const problemsMax = 20
/** Where the id is in `jobColumns`, and the history. */
const [idColumn, historyColumn] = [17, 19]

export class StoreFile {
  readonly #path: string
  readonly #database: SqliteDatabase
  readonly #driver: string
  readonly #page: SqliteListStatement

  private constructor(path: string, database: SqliteDatabase, driver: string) {
    this.#path = path
    this.#database = database
    this.#driver = driver
    this.#page = database.prepareList(
      `SELECT ${jobColumns} FROM job NOT INDEXED WHERE n > ? ORDER BY n LIMIT ${pageJobs}`,
    )
  }

  /**
   * Looks at the header before SQLite does: this process holds no lock on the file that could get lost by
   * it (`header.ts`). @throws CT_STORE_FOREIGN, CT_STORE_FAILED, CT_MISSING_DRIVER
   */
  static open(path: string): StoreFile {
    const driver = loadDriver()
    let database: SqliteDatabase | undefined
    try {
      if (inspectFile(path) === 'new') throw storeForeign(path, 'the file is empty')
      database = readOnlyOpen(driver, path)
      return new StoreFile(path, database, driver.name)
    } catch (error) {
      database?.close()
      throw explained(error, path)
    }
  }

  close(): void {
    this.#database.close()
  }

  facts(): StoreFileFacts {
    return this.#reading(() => {
      const pipeline = this.#meta('pipeline')
      const owned = this.#get('SELECT count(*) AS shards FROM shard WHERE released = 0')
      return {
        ...{ pipeline, driver: this.#driver, holder: this.#meta('holder') },
        jobTypes: registeredTypes(this.#database, pipeline),
        schemaVersion: numberOf(this.#get('PRAGMA user_version')?.['user_version']),
        sqliteVersion: textOf(this.#get('SELECT sqlite_version() AS version')?.['version']),
        ownedShards: numberOf(owned?.['shards']),
        freeBytesMin: this.#freeBytesMin(),
        ballastBytes: ballastBytesOf(this.#path),
      }
    })
  }

  /** All jobs, in the order of their arrival. */
  *jobs(): Generator<StoredJob> {
    for (let last = -1; ;) {
      const rows = this.#reading(() => this.#page.all(last))
      for (const row of rows) {
        last = numberOf(row[0])
        yield { id: textOf(row[idColumn]), job: readable(() => jobOfRow(row)) }
      }
      if (rows.length < pageJobs) return
    }
  }

  /** What SQLite finds wrong with the file; it reads all of it. */
  quickCheck(): readonly string[] {
    const rows = this.#reading(() =>
      this.#database.prepare(`PRAGMA quick_check(${problemsMax})`).all(),
    )
    return rows.map((row) => textOf(Object.values(row)[0])).filter((line) => line !== 'ok')
  }

  #meta(name: string): string {
    return textOf(this.#get('SELECT value FROM meta WHERE name = ?', name)?.['value'])
  }

  #freeBytesMin(): number {
    const noted = this.#meta('free-bytes-min')
    return noted === '' ? freeBytesMinDefault : Number(noted)
  }

  #get(sql: string, ...values: readonly string[]): SqliteRow | undefined {
    return this.#database.prepare(sql).get(...values)
  }

  #reading<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw explained(error, this.#path)
    }
  }
}

function jobOfRow(row: Parameters<typeof recordOf>[0]) {
  return { record: recordOf(row), attempts: attemptsOf(row[historyColumn]) }
}

function readable<T>(read: () => T): T | Error {
  try {
    return read()
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
