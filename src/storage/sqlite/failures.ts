/** What the error of an SQLite library means, and how we say it. */
import { isCarbontubeError } from '../../errors/errors.ts'
import { storeFailed, storeForeign, storeFull } from '../storage-errors.ts'

/** What kind of failure a library reported; `other` includes errors that are not SQLite's. */
export type SqliteFailure = 'full' | 'busy' | 'io' | 'damaged' | 'constraint' | 'cantOpen' | 'other'

const failures: ReadonlyMap<number | string, SqliteFailure> = new Map<
  number | string,
  SqliteFailure
>([
  ...([
    [13, 'full'],
    [5, 'busy'],
    [6, 'busy'],
    [10, 'io'],
    [11, 'damaged'],
    [26, 'damaged'],
  ] as const),
  ...([
    [19, 'constraint'],
    [14, 'cantOpen'],
  ] as const),
  ...([
    ['FULL', 'full'],
    ['BUSY', 'busy'],
    ['LOCKED', 'busy'],
    ['IOERR', 'io'],
  ] as const),
  ...([
    ['CORRUPT', 'damaged'],
    ['NOTADB', 'damaged'],
  ] as const),
  ...([
    ['CONSTRAINT', 'constraint'],
    ['CANTOPEN', 'cantOpen'],
  ] as const),
])

/** The index of the log, which is mapped into memory, could not grow: `SQLITE_IOERR_SHMSIZE`. */
const indexDidNotGrow = 10 + (19 << 8)

/** Reads the error of either library: `SQLITE_IOERR_FSYNC`, or a result code whose low byte is the kind. */
export function failureOf(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return 'other'
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (errcode === indexDidNotGrow || code === 'SQLITE_IOERR_SHMSIZE') return 'full'
  if (typeof errcode === 'number') return failures.get(errcode & 0xff) ?? 'other'
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return 'other'
  return failures.get(code.split('_')[1] ?? '') ?? 'other'
}

/** An error after which the file is as it was before, in our words. Errors of ours pass as they are. */
export function explained(error: unknown, path: string): Error {
  if (isCarbontubeError(error)) return error
  const failure = failureOf(error)
  if (failure === 'full') return storeFull(path, error)
  if (failure === 'damaged') return storeForeign(path, 'it is damaged', error)
  const what = error instanceof Error ? error.message : String(error)
  // A table is missing although the numbers in the header are ours.
  if (/no such (table|column)/.test(what))
    return storeForeign(path, `it is damaged: ${what}`, error)
  return storeFailed(path, what, error)
}

/** Whether it is of a statement that another process kept waiting with its lock. */
export function isBusy(error: unknown): boolean {
  return isCarbontubeError(error) && failureOf(error.cause) === 'busy'
}
