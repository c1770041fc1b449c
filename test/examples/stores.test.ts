/** The stores of examples/stores are those that docs/how-to/choose-a-store.md says they are. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as stores from '../../examples/stores/backends.ts'
import { Greet, Greetings } from '../../examples/stores/pipeline.ts'
import { regionOf } from '../../scripts/quoted-regions.mjs'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'

const missing = redisMissing()
const settings = readFileSync(
  fileURLToPath(new URL('../../examples/stores/redis.conf', import.meta.url)),
  'utf8',
)

describe('the greetings', () => {
  it.each([
    [Greetings, 'Redis at cache1:6379', true],
    [stores.InMemory, 'memory of greetings', false],
    [stores.OnFile, `SQLite at ${resolve('/var/lib/greetings/jobs.db')}`, false],
    [stores.BehindSentinels, 'Redis at mymaster by Sentinel', true],
    [stores.OnCluster, 'Redis at cluster of cache1:6379, cache2:6379, cache3:6379', true],
    [stores.OnPostgres, 'PostgreSQL of greetings, schema greetings', true],
  ])('%o says where it is kept', (Kept, description, shared) => {
    const pipeline = new Kept()
    pipeline.initialize()
    const info = pipeline.backend?.info()
    expect(info?.description).toBe(description)
    expect(info?.capabilities.shared).toBe(shared)
  })

  it('greet', async () => {
    const greeting = await new Greet().execute({ name: 'Ada' })
    expect(greeting).toEqual({ greeting: 'Good morning, Ada' })
  })

  it.skipIf(missing !== undefined)('survive a power cut with these settings of Redis', async () => {
    const lines = regionOf(settings, 'settings').split('\n')
    const args = lines.flatMap((line) => {
      const [name, value] = line.split(' ')
      return [`--${name}`, value ?? '']
    })
    const server = await RedisServer.start({ log: 'off', args })
    const store = new RedisStorageBackend('greetings', { redisUri: server.uri })
    try {
      await store.open()
      expect(store.info().capabilities.durability).toBe('D2')
    } finally {
      await store.close()
      await server.stop()
    }
  })
})
