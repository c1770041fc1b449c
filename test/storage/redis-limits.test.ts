/** A Redis store whose server is full, away, not what it should be, or set to promise less. */
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { aJob, completion, inserts, Owner } from '../../src/testing/storage/builders.ts'
import { listAll, refuses, shard } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { redisMissing } from '../servers/redis-server.ts'
import { leaks, until } from '../wait.ts'
import { aServer, endAll, ending, open, say } from './redis-stores.ts'

const missing = redisMissing()
const because = missing === undefined ? '' : ` [skipped: ${missing}]`

afterEach(endAll)

describe.skipIf(missing !== undefined)(`a Redis server with a full memory${because}`, () => {
  it('lets owners renew, hand over and take over, and a manager start', async () => {
    const server = await aServer({ log: 'off' })
    const [first, second] = [
      await open({ redisUri: server.uri }),
      await open({ redisUri: server.uri }),
    ]
    const owner = await Owner.of(first)
    await owner.insert(aJob(1), aJob(2))
    await say(server, 'CONFIG', 'SET', 'maxmemory', '1mb')
    await refuses('CT_STORE_FULL', owner.commit(...inserts([aJob(3)])))
    expect(await first.renew(shard, owner.epoch, 60_000)).toBe(true)
    await owner.commit(completion(aJob(1)))
    await first.release(shard, owner.epoch)
    const next = await Owner.of(second, shard, 'second')
    await second.registerPipeline({
      ...{ name: suitePipeline, jobTypes: ['resize'], shards: 1, nowMs: 1 },
    })
    await next.commit(completion(aJob(2)))
    const endless = { nowMs: Infinity, settledKeepMs: 0, settledKeepJobs: 0, deadKeepMs: 0 }
    expect(await second.prune(shard, endless, 10)).toBe(2)
  })
})

describe.skipIf(missing !== undefined)(`a Redis server that is away${because}`, () => {
  it(
    'is an error of the store for who has it open: a reason to wait',
    { timeout: 30_000 },
    async () => {
      const server = await aServer()
      const store = await open({ redisUri: server.uri })
      await Owner.of(store)
      await server.kill()
      await Promise.all([
        refuses('CT_STORE_FAILED', store.getJobs(shard, ['job-1'])),
        refuses('CT_STORE_FAILED', store.listJobs(shard, {}, { limit: 1 })),
        refuses('CT_STORE_FAILED', store.acquire(shard, 'owner', 60_000)),
      ])
      await server.restart()
      expect(await store.getJobs(shard, ['job-1'])).toEqual([])
    },
  )

  it('does not keep anybody from closing, also amid a commit', async () => {
    const server = await aServer()
    const before = process.getActiveResourcesInfo()
    const store = await open({ redisUri: server.uri })
    const owner = await Owner.of(store)
    server.pause()
    const failed = [
      refuses('CT_OUTCOME_UNKNOWN', owner.commit(...inserts([aJob(1)]))),
      refuses('CT_STORE_FAILED', store.getJobs(shard, ['job-1'])),
    ]
    await store.close()
    await Promise.all(failed)
    server.resume()
    await until(() => leaks(before).length === 0, { what: 'nothing of the store is alive' })
  })

  it('is one that speaks something else', { timeout: 30_000 }, async () => {
    const web = createServer((socket) => {
      socket.on('error', () => {})
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')
    }).listen(0, '127.0.0.1')
    ending.push(async () => void web.close())
    await until(() => web.listening, { what: 'it listens' })
    const { port } = web.address() as AddressInfo
    const opening = open({ redisUri: `redis://:sesame@127.0.0.1:${port}` })
    await expect(opening).rejects.toMatchObject({ code: 'CT_UNREACHABLE' })
  })
})

describe.skipIf(missing !== undefined)(`a Redis server with other settings${because}`, () => {
  it('that does not flush while it rewrites its log promises D1', async () => {
    const server = await aServer({ args: ['--no-appendfsync-on-rewrite', 'yes'] })
    const { description, capabilities } = (await open({ redisUri: server.uri })).info()
    expect(capabilities.durability).toBe('D1')
    expect(description).toMatch(/, AOF always, not during a rewrite$/)
  })

  it('that is a node of a cluster says the option that is missing', async () => {
    const server = await aServer({ log: 'off', args: ['--cluster-enabled', 'yes'] })
    await expect(open({ redisUri: server.uri })).rejects.toMatchObject({
      code: 'CT_STORE_FOREIGN',
      hint: 'Give the addresses of some nodes as `cluster`.',
    })
  })
})

describe.skipIf(missing !== undefined)(`a list of a Redis store${because}`, () => {
  it('has every job that stays, while those before it leave', { timeout: 60_000 }, async () => {
    const server = await aServer({ log: 'off' })
    const store = await open({ redisUri: server.uri })
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 6_000 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs)
    const stay = jobs.slice(4_800).map(({ id }) => id)
    const leaving = (async () => {
      for (let from = 0; from < 4_800; from += 40) {
        await owner.commit(...jobs.slice(from, from + 40).map((job) => completion(job)))
      }
    })()
    let isOver = false
    void leaving.then(() => (isOver = true))
    let [lists, missed] = [0, 0]
    while (!isOver) {
      const { count } = await store.countJobs(shard, { state: 'ready', enqueuedBeforeMs: Infinity })
      lists += 1
      if (count < stay.length) missed += 1
    }
    await leaving
    expect({ lists: lists > 5, missed }).toEqual({ lists: true, missed: 0 })
    const ready = (await listAll(store, { state: 'ready' })).map(({ id }) => id)
    expect(ready).toEqual(stay.toReversed())
  })
})
