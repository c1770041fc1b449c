/** Postgres against the memory store: the same calls in any order get the same answers. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { PostgresStorageBackend } from '../../src/storage/postgres/postgres-storage.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { noPostgres, PostgresServer } from '../servers/postgres-server.ts'
import { expectSameAsMemory } from './model-run.ts'

const reason = noPostgres()
const name = reason === undefined ? 'any sequence of calls' : `Postgres [skipped: ${reason}]`

describe.skipIf(reason !== undefined)(name, () => {
  let server: PostgresServer

  beforeAll(async () => void (server = await PostgresServer.start()))
  afterAll(() => server.stop())

  it('gets the same answers from Postgres as from memory', { timeout: 120_000 }, async () => {
    await expectSameAsMemory(async (nowMs) => {
      const options = { connectionString: server.url(), schema: server.newSchema(), nowMs }
      const store = new PostgresStorageBackend(suitePipeline, options)
      await store.open()
      return store
    }, 50)
  })
})
