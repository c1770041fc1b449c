/** The choice of a driver, and what the errors of a driver mean for a commit. */
import { describe, expect, it } from 'vitest'
import { CarbontubeError } from '../../src/errors/errors.ts'
import { loadDriver, type DriverHost } from '../../src/storage/sqlite/driver.ts'
import { failureOf } from '../../src/storage/sqlite/failures.ts'
import { Transactions } from '../../src/storage/sqlite/transactions.ts'

function aHost(more: Partial<DriverHost>): DriverHost {
  return { nodeVersion: '20.20.2', builtin: () => undefined, requires: [], ...more }
}

/** A place where better-sqlite3 is installed in that version, which must not be loaded. */
function installed(version: string): (id: string) => unknown {
  return (id) => {
    if (id.endsWith('package.json')) return { version }
    throw new Error(`${id} was loaded`)
  }
}

/** A place where a better-sqlite3 is installed that loads. */
function working(id: string): unknown {
  const Database = class {
    close(): void {}
  }
  return id.endsWith('package.json') ? { version: '12.11.1' } : Database
}

const nowhere = (id: string): unknown => {
  throw new Error(`Cannot find module ${id}`)
}

describe('the driver', () => {
  it('is missing with the one command that adds it', () => {
    expect(() => loadDriver(aHost({ requires: [nowhere] }))).toThrowError(
      expect.objectContaining({
        code: 'CT_MISSING_DRIVER',
        hint: 'Run: npm install better-sqlite3@12',
      }) as Error,
    )
  })

  it('is refused unloaded when it would crash this Node', () => {
    const host = aHost({ requires: [installed('13.0.1')] })
    const refusal = { code: 'CT_BAD_DRIVER', message: expect.stringContaining('13.0.1') as string }
    expect(() => loadDriver(host)).toThrowError(expect.objectContaining(refusal) as Error)
  })

  it('that does not load says so, with the cause', () => {
    const host = aHost({ requires: [installed('12.11.1')] })
    const cause = expect.objectContaining({ message: 'better-sqlite3 was loaded' }) as Error
    const refusal = expect.objectContaining({ code: 'CT_BAD_DRIVER', cause }) as Error
    expect(() => loadDriver(host)).toThrowError(refusal)
  })

  it('is looked for in one place after the other', () => {
    const host = aHost({ requires: [nowhere, working] })
    expect(loadDriver(host).name).toBe('better-sqlite3 12.11.1')
  })

  it('of the runtime is preferred', () => {
    const host = aHost({ nodeVersion: '24.1.0', builtin: () => ({}), requires: [nowhere] })
    expect(loadDriver(host).name).toBe('node:sqlite of Node 24.1.0')
  })
})

describe('the error of a driver', () => {
  it('is read from the code of either library', () => {
    const error = (more: object): Error => Object.assign(new Error('x'), more)
    expect(failureOf(error({ code: 'SQLITE_FULL' }))).toBe('full')
    expect(failureOf(error({ code: 'SQLITE_IOERR_FSYNC' }))).toBe('io')
    expect(failureOf(error({ code: 'ERR_SQLITE_ERROR', errcode: 1_034 }))).toBe('io')
    expect(failureOf(error({ code: 'ERR_SQLITE_ERROR', errcode: 26 }))).toBe('damaged')
    expect(failureOf(error({ code: 'ENOENT' }))).toBe('other')
    expect(failureOf('x')).toBe('other')
  })

  /** A database in memory whose statement `failing` fails with `code`. */
  function aDatabase(failing: string, code: string) {
    const database = loadDriver().open(':memory:', { readOnly: false, busyTimeoutMs: 0 })
    database.exec('CREATE TABLE t (a)')
    const prepare = (sql: string) => {
      const statement = database.prepare(sql)
      const fail = (): never => {
        throw Object.assign(new Error(`${sql} failed`), { code })
      }
      return sql === failing ? { ...statement, run: fail } : statement
    }
    return { ...database, prepare }
  }

  it.each([
    ['BEGIN IMMEDIATE', 'SQLITE_BUSY', 'CT_OUTCOME_UNKNOWN'],
    ['BEGIN IMMEDIATE', 'SQLITE_IOERR_READ', 'CT_STORE_FAILED'],
    ['INSERT INTO t VALUES (1)', 'SQLITE_FULL', 'CT_STORE_FULL'],
    ['INSERT INTO t VALUES (1)', 'SQLITE_IOERR_WRITE', 'CT_STORE_FAILED'],
    ['INSERT INTO t VALUES (1)', 'SQLITE_CORRUPT', 'CT_STORE_FOREIGN'],
    ['COMMIT', 'SQLITE_FULL', 'CT_STORE_FULL'],
    ['COMMIT', 'SQLITE_IOERR_FSYNC', 'CT_OUTCOME_UNKNOWN'],
    ['COMMIT', 'SQLITE_BUSY', 'CT_OUTCOME_UNKNOWN'],
  ])('%s failing with %s is %s, and leaves no transaction open', (failing, code, expected) => {
    const database = aDatabase(failing, code)
    const transactions = new Transactions(database, 'x.db')
    const insert = database.prepare('INSERT INTO t VALUES (1)')
    const unknown = (cause: unknown) => new CarbontubeError('CT_OUTCOME_UNKNOWN', 'x', { cause })
    expect(() => transactions.run(() => insert.run(), unknown)).toThrowError(
      expect.objectContaining({ code: expected }) as Error,
    )
    expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 })
    database.exec('BEGIN')
    database.close()
  })
})
