/**
 * Why there can be no store at a place: its folder is a file, or this user may not write there. SQLite says
 * of both only that it cannot open a file, and Node what it tried to make.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { CarbontubeError } from '../../errors/errors.ts'
import { storeUnwritable } from '../storage-errors.ts'
import { failureOf, type SqliteFailure } from './failures.ts'

const { R_OK, W_OK, X_OK } = constants
/** What is wrong with the place itself has failed as one of these. */
const unclear: readonly SqliteFailure[] = ['cantOpen', 'io', 'other']

/** What is wrong with the place of a file that could not be opened; `undefined`: it is something else. */
export function placeError(path: string, cause: unknown): CarbontubeError | undefined {
  if (!unclear.includes(failureOf(cause))) return undefined
  const folder = nearest(dirname(path))
  if (!statSync(folder).isDirectory()) {
    const hint = 'Move that file away, or keep the store elsewhere: `path` of SqliteStorageBackend.'
    return storeUnwritable(path, `${folder} is a file, not a folder`, { hint, cause })
  }
  const why =
    refusal(path, R_OK, 'read the file') ??
    refusal(folder, W_OK | X_OK, 'write in the folder') ??
    ['', '-owner', '-wal', '-shm']
      .map((suffix) => refusal(path + suffix, R_OK | W_OK, 'write the file'))
      .find((one) => one !== undefined)
  if (why === undefined) return undefined
  const hint =
    'Let this user write there (SQLite keeps files beside the store, for readers too), or keep the store ' +
    'elsewhere: `path` of SqliteStorageBackend.'
  return storeUnwritable(path, why, { hint, cause })
}

/** The folder, or the first one above it that is there; also what is there instead of one. */
function nearest(folder: string): string {
  const isThere = isSeen(folder) || dirname(folder) === folder
  return isThere ? folder : nearest(dirname(folder))
}

function isSeen(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    // A folder above it may not be looked into: that one is what is wrong.
    return false
  }
}

/** What this user may not do there, in words; `undefined`: it may, or nothing is there. */
function refusal(path: string, mode: number, what: string): string | undefined {
  try {
    accessSync(path, mode)
    return undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : `this user may not ${what} ${path} (${code})`
  }
}
