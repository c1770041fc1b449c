import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import { suitePipeline, testStorage } from '../../src/testing/storage-suite.ts'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'

const missing = redisMissing()
const name = missing === undefined ? 'Redis' : `Redis [skipped: ${missing}]`

describe.skipIf(missing !== undefined)(name, () => {
  let server: RedisServer
  let prefix = ''
  let nowMs = 1_800_000_000_000
  const opened: RedisStorageBackend[] = []

  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(async () => {
    await server.stop()
  })

  async function open(): Promise<RedisStorageBackend> {
    const options = { redisUri: server.uri, prefix, nowMs: () => nowMs }
    const store = new RedisStorageBackend(suitePipeline, options)
    await store.open()
    opened.push(store)
    return store
  }

  testStorage(
    {
      name: 'AOF always',
      capabilities: { durability: 'D2', shared: true, persistent: true, search: true },
      open: async () => {
        prefix = randomUUID()
        return await open()
      },
      // The owner is gone without a word, and so is the server.
      reopen: async () => {
        await server.kill()
        await server.restart()
        return await open()
      },
      advanceClock: (ms) => void (nowMs += ms),
      dispose: async () => {
        for (const store of opened.splice(0)) await store.close()
      },
    },
    { describe, it },
  )
})
