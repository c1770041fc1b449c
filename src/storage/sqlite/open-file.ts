/**
 * Opens the file of a pipeline for its owner: lock, look, make if new, and only then let SQLite at it. In
 * this order a file that is not ours, or not whole, is refused with its bytes as they were.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { isCarbontubeError } from '../../errors/errors.ts'
import { storeForeign, storeLinked } from '../storage-errors.ts'
import { refuseCutFile } from './cut-file.ts'
import type { SqliteDatabase, SqliteDriver } from './driver.ts'
import { explained, failureOf } from './failures.ts'
import { inspectFile } from './header.ts'
import { LogSync } from './log-sync.ts'
import { takeOwnerLock, type OwnerLock } from './owner-lock.ts'
import { placeError } from './place.ts'
import { busyTimeoutMs, readOnlyOpen } from './read-only.ts'
import { jobColumns, textOf } from './rows.ts'
import { createFile, createFolder } from './schema.ts'

/** An open file; `lock` is held by a writer only. */
export interface OpenFile {
  readonly database: SqliteDatabase
  readonly lock: OwnerLock | undefined
  /** Brings what was committed to the disk; absent when nobody waits for that (D1, readers). */
  readonly log: LogSync | undefined
}

/** What a file is opened with. */
export interface FileOptions {
  readonly pipeline: string
  readonly durability: 'D2' | 'D1'
  /** Largest size of the file in bytes; 0 = as large as the disk allows. */
  readonly fileBytesMax: number
  /** Below this no new jobs are let in: noted in the file, for the doctor. */
  readonly freeBytesMin: number
}

/** Pages in the log before they are copied into the file: 8 MiB, some 30 ms that the loop is held. */
const checkpointPages = 1_000
const pageBytes = 8_192
const cacheKiB = 32 * 1_024

/** Throws CT_STORE_HELD, CT_STORE_LINKED, CT_STORE_UNWRITABLE, CT_STORE_FOREIGN, CT_STORE_FAILED. */
export function openForWriting(driver: SqliteDriver, path: string, options: FileOptions): OpenFile {
  let lock: OwnerLock | undefined
  let database: SqliteDatabase | undefined
  try {
    createFolder(path)
    refuseSecondName(path)
    lock = takeOwnerLock(driver, path)
    if (inspectFile(path) === 'new') createFile(driver, path, options.pipeline)
    refuseCutFile(path)
    database = driver.open(path, { readOnly: false, busyTimeoutMs })
    refuseOther(database, path, options.pipeline)
    configure(database, options)
    note(database, 'holder', `process ${process.pid} on ${hostname()}`)
    note(database, 'free-bytes-min', String(options.freeBytesMin))
    const log = options.durability === 'D2' ? new LogSync(path) : undefined
    return { database, lock, log }
  } catch (error) {
    database?.close()
    lock?.release()
    throw isCarbontubeError(error) ? error : (placeError(path, error) ?? explained(error, path))
  }
}

/** Throws CT_STORE_FOREIGN, CT_STORE_FAILED. */
export function openForReading(driver: SqliteDriver, path: string, pipeline: string): OpenFile {
  const database = readOnlyOpen(driver, path)
  try {
    refuseOther(database, path, pipeline)
    return { database, lock: undefined, log: undefined }
  } catch (error) {
    database.close()
    throw explained(error, path)
  }
}

/** Where a symbolic link leads: lock and log have to be beside the file itself, whoever comes by which way. */
export function followLink(path: string): string {
  try {
    return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path
  } catch {
    // Nothing is there yet.
    return path
  }
}

/** The lock goes by the name, and nobody sees that of another one. */
function refuseSecondName(path: string): void {
  const names = statSync(path, { throwIfNoEntry: false })?.nlink ?? 1
  if (names > 1) throw storeLinked(path, names)
}

/** Reads the whole schema, which shows damage in it, and whose jobs these are. */
function refuseOther(database: SqliteDatabase, path: string, pipeline: string): void {
  database.prepare(`SELECT ${jobColumns} FROM job WHERE n = 0`).get()
  const row = database.prepare(`SELECT value FROM meta WHERE name = 'pipeline'`).get()
  const found = textOf(row?.['value'])
  if (found === pipeline) return
  throw storeForeign(path, `it holds the jobs of pipeline ${found}, not of ${pipeline}`)
}

function configure(database: SqliteDatabase, options: FileOptions): void {
  // The log is brought to the disk by `LogSync`; a checkpoint still waits for it.
  database.exec('PRAGMA synchronous = NORMAL')
  database.exec(`PRAGMA wal_autocheckpoint = ${checkpointPages}`)
  database.exec(`PRAGMA journal_size_limit = ${4 * checkpointPages * pageBytes}`)
  database.exec(`PRAGMA cache_size = -${cacheKiB}`)
  database.exec('PRAGMA temp_store = MEMORY')
  const { fileBytesMax } = options
  if (fileBytesMax > 0) {
    database.exec(`PRAGMA max_page_count = ${Math.floor(fileBytesMax / pageBytes)}`)
  }
}

/** Tells whoever looks at the file, or finds it held. On a full disk that is not worth failing for. */
function note(database: SqliteDatabase, name: string, value: string): void {
  const statement = database.prepare(
    `INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  try {
    statement.run(name, value)
  } catch (error) {
    if (failureOf(error) !== 'full') throw error
  }
}
