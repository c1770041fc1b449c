/** The Redis store on a cluster, and behind a Sentinel: other clients, the same promises. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Group } from '../../src/core/mutation.ts'
import { isCarbontubeError } from '../../src/errors/errors.ts'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import type { RedisStorageOptions } from '../../src/storage/redis/redis-storage.ts'
import { aJob, completion, inserts, Owner, shard } from '../../src/testing/storage/builders.ts'
import { suitePipeline, testStorage } from '../../src/testing/storage-suite.ts'
import { redisMissing } from '../servers/redis-server.ts'
import { ask, RedisCluster, SentinelSet } from '../servers/redis-sets.ts'
import { until } from '../wait.ts'

const missing = redisMissing()
const because = missing === undefined ? '' : ` [skipped: ${missing}]`
const opened: RedisStorageBackend[] = []

async function open(options: RedisStorageOptions): Promise<RedisStorageBackend> {
  const store = new RedisStorageBackend(suitePipeline, options)
  opened.push(store)
  await store.open()
  return store
}

async function closeAll(): Promise<void> {
  for (const store of opened.splice(0)) await store.close()
}

describe.skipIf(missing !== undefined)(`a Redis cluster of three${because}`, () => {
  let servers: RedisCluster
  let cluster: string[] = []
  let prefix = ''
  let nowMs = 1_800_000_000_000

  beforeAll(async () => {
    servers = await RedisCluster.start('everysec')
    cluster = servers.addresses
  })
  afterAll(async () => {
    await servers.stop()
  })

  it('keeps shards on several nodes, and all keys of one on one', async () => {
    prefix = randomUUID()
    const store = await open({ cluster, prefix })
    expect(store.info().description).toMatch(/^Redis \S+ at cluster of 127.+, AOF everysec$/)
    for (let number = 0; number < 12; number += 1) {
      const ref = { ...shard, shard: number }
      const owner = await Owner.of(store, ref)
      await owner.insert(aJob(1, { id: `job-${number}`, shard: number }))
      expect((await store.loadReady(ref, { phase: 0, limit: 1 })).length).toBe(1)
    }
    await closeAll()
  })

  it('goes on when the node of a shard was killed and came back', async () => {
    const store = await open({ cluster, prefix: randomUUID() })
    const owners = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((number) => Owner.of(store, { ...shard, shard: number })),
    )
    const [node] = servers.masters
    await node?.kill()
    const commits = owners.map(async ({ ref, epoch }) => {
      const job = aJob(1, { id: `job-${ref.shard}`, shard: ref.shard })
      const group = { id: `g-${ref.shard}`, number: 1, mutations: inserts([job]) }
      return await until(() => committed({ store, ref, epoch }, group), {
        what: `the node of shard ${ref.shard} is back`,
        timeoutMs: 15_000,
      })
    })
    await node?.restart()
    for (const answer of await Promise.all(commits)) {
      expect(answer).toMatchObject({ inserts: [{ outcome: 'stored' }] })
    }
    await closeAll()
  })

  testStorage(
    {
      name: 'Redis Cluster',
      capabilities: { durability: 'D0', shared: true, persistent: true, search: true },
      open: async () => {
        prefix = randomUUID()
        return await open({ cluster, prefix, nowMs: () => nowMs })
      },
      reopen: async () => await open({ cluster, prefix, nowMs: () => nowMs }),
      advanceClock: (ms) => void (nowMs += ms),
      dispose: closeAll,
    },
    { describe, it },
  )
})

describe.skipIf(missing !== undefined)(`a Redis master behind a Sentinel${because}`, () => {
  let servers: SentinelSet

  afterEach(async () => {
    await closeAll()
    await servers.stop()
  })

  it('goes on by itself when the master is killed and its replica takes over', async () => {
    servers = await SentinelSet.start({ sentinels: 1 })
    const { master, replicas } = servers
    const sentinels = { name: SentinelSet.masterName, addresses: servers.addresses }
    const store = await open({ sentinels })
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    await until(
      async () => replicas[0] !== undefined && Number(await ask(replicas[0], 'DBSIZE')) > 0,
      {
        what: 'the replica has it',
      },
    )

    await master.kill()
    const mutations = [...inserts([aJob(2)]), completion(aJob(1))]
    const group = { id: 'after', number: 2, mutations }
    const answer = await until(() => committed(owner, group), {
      what: 'the replica has taken over',
      timeoutMs: 30_000,
    })
    expect(answer).toEqual({ inserts: [{ id: 'job-2', outcome: 'stored' }] })
    expect((await store.summarise(shard)).settled.done).toBe(1)
    expect(await store.renew(shard, owner.epoch, 9_000)).toBe(true)
  }, 60_000)
})

/** The answer; a throw while it is not known. Any other error is an answer too. */
async function committed(
  { store, ref, epoch }: Pick<Owner, 'store' | 'ref' | 'epoch'>,
  group: Group,
) {
  try {
    return await store.commit(ref, epoch, group)
  } catch (error) {
    if (isCarbontubeError(error) && error.code === 'CT_OUTCOME_UNKNOWN') throw error
    return error
  }
}
