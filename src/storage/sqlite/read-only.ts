/**
 * Opens a file for people's queries beside its owner. A reader sees committed groups only, never writes
 * and never checkpoints. It asks SQLite for the numbers in the header instead of reading the file itself
 * (`header.ts` says why).
 */
import { existsSync } from 'node:fs'
import { storeFailed, storeForeign } from '../storage-errors.ts'
import type { SqliteDatabase, SqliteDriver } from './driver.ts'
import { failureOf } from './failures.ts'
import { identityFault } from './header.ts'
import { placeError } from './place.ts'

/** How long a statement waits for the lock of another process. */
export const busyTimeoutMs = 5_000

/** Throws CT_STORE_FAILED when there is no file, CT_STORE_UNWRITABLE, CT_STORE_FOREIGN when it is not ours. */
export function readOnlyOpen(driver: SqliteDriver, path: string): SqliteDatabase {
  if (!existsSync(path)) throw storeFailed(path, 'there is no such file to read')
  let database: SqliteDatabase | undefined
  let fault: string | undefined
  try {
    database = driver.open(path, { readOnly: true, busyTimeoutMs })
    database.exec('PRAGMA query_only = 1')
    fault = identityFault(pragma(database, 'application_id'), pragma(database, 'user_version'))
  } catch (error) {
    database?.close()
    if (failureOf(error) !== 'damaged') {
      throw placeError(path, error) ?? storeFailed(path, 'it cannot be read', error)
    }
    throw storeForeign(path, 'this is not an SQLite database, or it is damaged', error)
  }
  if (fault === undefined) return database
  database.close()
  throw storeForeign(path, fault)
}

function pragma(database: SqliteDatabase, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0)
}
