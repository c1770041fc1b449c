/**
 * The seam to a SQLite library: `node:sqlite` where the runtime has it, else `better-sqlite3`, which the
 * user installs. Both are synchronous; what differs (names, counts, error shapes) ends in this file.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CarbontubeError } from '../../errors/errors.ts'
import { isPartOf } from '../../language/is-part-of.ts'

export type SqliteValue = number | string | Uint8Array | null
export type SqliteRow = Readonly<Record<string, SqliteValue>>

/** Parameters are anonymous (`?`) and bound in order. */
export interface SqliteStatement {
  /** Answers how many rows it changed. */
  run(...values: SqliteValue[]): number
  get(...values: SqliteValue[]): SqliteRow | undefined
  all(...values: SqliteValue[]): SqliteRow[]
}

/** Rows as lists, in the order of the columns: for many rows more than twice as fast as objects. */
export interface SqliteListStatement {
  all(...values: SqliteValue[]): SqliteValue[][]
}

export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  prepareList(sql: string): SqliteListStatement
  close(): void
}

export interface SqliteDriver {
  /** For people: `better-sqlite3 12.11.1`. */
  readonly name: string
  /** Creates the file unless `readOnly`. Waits up to `busyTimeoutMs` for the locks of others. */
  open(path: string, options: { readOnly: boolean; busyTimeoutMs: number }): SqliteDatabase
}

/** What the choice of a driver depends on. Tests give their own. */
export interface DriverHost {
  /** `process.versions.node`. */
  readonly nodeVersion: string
  /** The module `node:sqlite`; `undefined` when this Node lacks it or hides it behind a flag. */
  readonly builtin: () => unknown
  /** Where `better-sqlite3` is looked for, in order. */
  readonly requires: readonly ((id: string) => unknown)[]
}

/** The command that adds the driver on a Node without `node:sqlite`. */
export const installCommand = 'npm install better-sqlite3@12'

/**
 * The driver for this runtime. Throws CT_MISSING_DRIVER when there is none, CT_BAD_DRIVER when the
 * installed one cannot run here.
 */
export function loadDriver(host: DriverHost = thisHost()): SqliteDriver {
  const builtin = host.builtin()
  if (builtin !== undefined) return builtinDriver(builtin as NodeSqlite, host.nodeVersion)
  for (const from of host.requires) {
    const found = packageVersion(from)
    if (found !== undefined) return packageDriver(from, found, host.nodeVersion)
  }
  throw new CarbontubeError(
    'CT_MISSING_DRIVER',
    `the SQLite store needs better-sqlite3 on Node ${host.nodeVersion}, and it is not installed`,
    { hint: `Run: ${installCommand}`, details: { command: installCommand } },
  )
}

function thisHost(): DriverHost {
  return {
    nodeVersion: process.versions.node,
    builtin: () => process.getBuiltinModule('node:sqlite') as unknown,
    // The user's project first: a globally installed carbontube does not see its packages.
    requires: [createRequire(join(process.cwd(), 'package.json')), createRequire(import.meta.url)],
  }
}

function packageVersion(from: (id: string) => unknown): string | undefined {
  try {
    return (from('better-sqlite3/package.json') as { version: string }).version
  } catch {
    return undefined
  }
}

function packageDriver(
  from: (id: string) => unknown,
  version: string,
  nodeVersion: string,
): SqliteDriver {
  const hint = `Run: ${installCommand}`
  if (majorOf(version) >= 13 && majorOf(nodeVersion) < 22) {
    // It loads, and then crashes the process: it must not get that far.
    const message = `better-sqlite3 ${version} needs Node 22 or newer; this is Node ${nodeVersion}`
    throw new CarbontubeError('CT_BAD_DRIVER', message, { hint, details: { version } })
  }
  let library: BetterSqlite
  try {
    library = from('better-sqlite3') as BetterSqlite
    // The native part is loaded with the first database: a build for another Node shows here.
    new library(':memory:').close()
  } catch (cause) {
    const message = `better-sqlite3 ${version} does not load on Node ${nodeVersion}`
    throw new CarbontubeError('CT_BAD_DRIVER', message, { hint, cause, details: { version } })
  }
  return {
    name: `better-sqlite3 ${version}`,
    open: (path, { readOnly, busyTimeoutMs }) => {
      const database = new library(path, { readonly: readOnly, timeout: busyTimeoutMs })
      return adapt(database)
    },
  }
}

function builtinDriver(library: NodeSqlite, nodeVersion: string): SqliteDriver {
  return {
    name: `node:sqlite of Node ${nodeVersion}`,
    open: (path, { readOnly, busyTimeoutMs }) => {
      const database = new library.DatabaseSync(path, { readOnly })
      database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
      return adapt(database)
    },
  }
}

/** What both libraries have in common. */
interface LibraryDatabase {
  function(
    name: string,
    options: { deterministic: true },
    body: (part: SqliteValue, text: SqliteValue) => number,
  ): unknown
  exec(sql: string): unknown
  prepare(sql: string): LibraryStatement
  close(): unknown
}

interface LibraryStatement {
  run(...values: SqliteValue[]): { changes: number | bigint }
  get(...values: SqliteValue[]): unknown
  all(...values: SqliteValue[]): unknown[]
  /** better-sqlite3's switch to lists. */
  raw?(on: boolean): unknown
  /** That of node:sqlite, since Node 22.16. */
  setReturnArrays?(on: boolean): unknown
}

type BetterSqlite = new (
  path: string,
  options?: { readonly: boolean; timeout: number },
) => LibraryDatabase

interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readOnly: boolean }) => LibraryDatabase
}

/** Statements may call `is_part_of(part, text)`: `LIKE` ignores case for ASCII only, and ends at a NUL. */
function adapt(database: LibraryDatabase): SqliteDatabase {
  database.function('is_part_of', { deterministic: true }, (part, text) =>
    typeof text === 'string' && isPartOf(text, String(part)) ? 1 : 0,
  )
  return {
    exec: (sql) => void database.exec(sql),
    prepare: (sql) => {
      const statement = database.prepare(sql)
      return {
        run: (...values) => Number(statement.run(...values).changes),
        get: (...values) => statement.get(...values) as SqliteRow | undefined,
        all: (...values) => statement.all(...values) as SqliteRow[],
      }
    },
    prepareList: (sql) => listStatement(database.prepare(sql)),
    close: () => void database.close(),
  }
}

function listStatement(statement: LibraryStatement): SqliteListStatement {
  statement.raw?.(true)
  statement.setReturnArrays?.(true)
  if (statement.raw !== undefined || statement.setReturnArrays !== undefined) {
    return { all: (...values) => statement.all(...values) as SqliteValue[][] }
  }
  const all = (...values: SqliteValue[]): SqliteValue[][] =>
    (statement.all(...values) as SqliteRow[]).map((row) => Object.values(row))
  return { all }
}

function majorOf(version: string): number {
  return Number(version.split('.')[0])
}
