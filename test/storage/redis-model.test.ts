/** Redis against the memory store: the same calls in any order get the same answers. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'
import { expectSameAsMemory } from './model-run.ts'

const missing = redisMissing()
const name = missing === undefined ? 'any sequence of calls' : `Redis [skipped: ${missing}]`

describe.skipIf(missing !== undefined)(name, () => {
  let server: RedisServer
  let runs = 0

  beforeAll(async () => {
    server = await RedisServer.start({ log: 'off' })
  })
  afterAll(async () => {
    await server.stop()
  })

  it('gets the same answers from Redis as from memory', { timeout: 60_000 }, async () => {
    await expectSameAsMemory(async (nowMs) => {
      const options = { redisUri: server.uri, prefix: `run-${(runs += 1)}`, nowMs }
      const store = new RedisStorageBackend(suitePipeline, options)
      await store.open()
      return store
    }, 50)
  })
})
