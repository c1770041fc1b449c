/** The servers that a Postgres store refuses, before it has written anything. */
import { describe, expect, it } from 'vitest'
import type { Session } from '../../src/storage/postgres/connection.ts'
import { migrate } from '../../src/storage/postgres/migrate.ts'

/** A server that says this of itself, and takes no statement but that question. */
function aServer(...[version, name, encoding]: [number, string, string]): Session {
  return {
    rows: async (text) => (text.includes('server_version_num') ? [[version, name, encoding]] : []),
    run: (text) => Promise.reject(new Error(text)),
  }
}

describe('the server of a Postgres store', () => {
  it('is PostgreSQL 13 or newer', async () => {
    const old = migrate(aServer(120_022, '12.22', 'UTF8'), 'carbontube', 'here')
    await expect(old).rejects.toThrow('PostgreSQL 12.22 is too old: 13 or newer is needed')
    await expect(migrate(aServer(130_000, '13.0', 'UTF8'), 'x', 'here')).rejects.toThrow('BEGIN')
  })

  it('has a database that can hold any character', async () => {
    const latin = migrate(aServer(150_000, '15.0', 'LATIN1'), 'carbontube', 'here')
    await expect(latin).rejects.toThrow('is LATIN1; UTF8 is needed')
  })
})
