/**
 * One writer per file. The lock is an empty database `<path>-owner` held in an exclusive transaction: the
 * operating system drops it with the process, also after kill -9, so that a restart need not wait. (A pid
 * file would outlive its process; a lock on the data file itself would keep readers out.)
 */
import { placeError } from './place.ts'
import { readOnlyOpen } from './read-only.ts'
import type { SqliteDatabase, SqliteDriver } from './driver.ts'
import { failureOf } from './failures.ts'
import { storeFailed, storeForeign, storeHeld } from '../storage-errors.ts'

/** Holds until `release`, or until the process ends in whatever way. */
export interface OwnerLock {
  release(): void
}

/**
 * Takes the lock of the file at `path` at once or not at all. Throws CT_STORE_HELD, with what the holder
 * wrote about itself when that can be read, and CT_STORE_UNWRITABLE.
 */
export function takeOwnerLock(driver: SqliteDriver, path: string): OwnerLock {
  const lockPath = `${path}-owner`
  let database: SqliteDatabase | undefined
  try {
    database = driver.open(lockPath, { readOnly: false, busyTimeoutMs: 0 })
    // Nothing is ever written to it: there is no page that a crash could damage.
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    const failure = failureOf(error)
    if (failure === 'busy') throw storeHeld(path, holderOf(driver, path))
    if (failure === 'damaged') throw storeForeign(lockPath, 'this is not a lock of ours', error)
    throw placeError(path, error) ?? storeFailed(lockPath, 'the lock cannot be taken', error)
  }
  const held = database
  return { release: () => held.close() }
}

/** What the holder of the file wrote about itself, as far as it can be read. */
function holderOf(driver: SqliteDriver, path: string): string | undefined {
  try {
    const database = readOnlyOpen(driver, path)
    try {
      const row = database.prepare(`SELECT value FROM meta WHERE name = 'holder'`).get()
      return typeof row?.['value'] === 'string' ? row['value'] : undefined
    } finally {
      database.close()
    }
  } catch {
    return undefined
  }
}
