import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { PostgresStorageBackend } from '../../src/storage/postgres/postgres-storage.ts'
import { suitePipeline, testStorage } from '../../src/testing/storage-suite.ts'
import { noPostgres, PostgresServer } from '../servers/postgres-server.ts'

let nowMs = 1_800_000_000_000
let server: PostgresServer
let schema = ''
const opened: PostgresStorageBackend[] = []

async function open(): Promise<PostgresStorageBackend> {
  const options = { connectionString: server.url(), schema, nowMs: () => nowMs }
  const store = new PostgresStorageBackend(suitePipeline, options)
  opened.push(store)
  await store.open()
  return store
}

// 100,000 jobs take 8 to 13 s here, and the server shares the machine with other tests.
vi.setConfig({ testTimeout: 60_000 })

const reason = noPostgres()

describe.skipIf(reason !== undefined)(`Postgres${reason ? ` [skipped: ${reason}]` : ''}`, () => {
  beforeAll(async () => void (server = await PostgresServer.start()))
  afterAll(() => server.stop())

  testStorage(
    {
      name: 'Postgres',
      capabilities: { durability: 'D2', shared: true, persistent: true, search: true },
      open: async () => {
        schema = server.newSchema()
        return await open()
      },
      // The server keeps what was acknowledged; the connections of the dead one are of no account.
      reopen: open,
      advanceClock: (ms) => void (nowMs += ms),
      dispose: async () => {
        for (const store of opened.splice(0)) await store.close()
        await server.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      },
    },
    { describe, it },
  )
})
