/** What becomes of a Redis store when the server, the connection or the owner goes away. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CommitAnswer, Group, Mutation } from '../../src/core/mutation.ts'
import { isCarbontubeError } from '../../src/errors/errors.ts'
import { RedisStorageBackend } from '../../src/storage/redis/redis-storage.ts'
import type { RedisStorageOptions } from '../../src/storage/redis/redis-storage.ts'
import { aJob, anAttempt, at, completion, inserts } from '../../src/testing/storage/builders.ts'
import { Owner, refuses, shard, snapshot } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'
import { TcpProxy } from '../servers/tcp-proxy.ts'
import { until } from '../wait.ts'
import { aServer, endAll, ending, open, say } from './redis-stores.ts'

const missing = redisMissing()
const name = missing === undefined ? 'a Redis store' : `a Redis store [skipped: ${missing}]`

/** Commits as a manager does: an unknown outcome is asked for again until there is an answer, or a refusal. */
async function settledCommit(
  store: RedisStorageBackend,
  epoch: number,
  group: Group,
): Promise<{ answer: CommitAnswer | Error; unknown: number }> {
  let unknown = 0
  const attempt = async (): Promise<CommitAnswer | Error> => {
    try {
      return await store.commit(shard, epoch, group)
    } catch (error) {
      if (!isCarbontubeError(error) || error.code !== 'CT_OUTCOME_UNKNOWN') return error as Error
      unknown += 1
      throw error
    }
  }
  const answer = await until(attempt, { what: `${group.id} is answered`, timeoutMs: 15_000 })
  return { answer, unknown }
}

async function commitAgain(
  ...wanted: Parameters<typeof settledCommit>
): Promise<{ answer: CommitAnswer; unknown: number }> {
  const { answer, unknown } = await settledCommit(...wanted)
  if (answer instanceof Error) throw answer
  return { answer, unknown }
}

afterEach(endAll)

describe.skipIf(missing !== undefined)(`${name} on one server`, () => {
  let server: RedisServer
  let options: RedisStorageOptions

  beforeAll(async () => {
    server = await RedisServer.start()
  })
  afterAll(async () => {
    await server.stop()
  })
  beforeEach(() => {
    options = { redisUri: server.uri, prefix: randomUUID() }
  })

  it('gives a shard that several managers want at once to exactly one of them', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(options)))
    const answers = await Promise.all(
      stores.map((store, index) => store.acquire(shard, `manager-${index}`, 60_000)),
    )
    const acquired = answers.filter(({ outcome }) => outcome === 'acquired')
    expect(acquired).toHaveLength(1)
  })

  it('refuses the commit of a fenced owner, with nothing applied', async () => {
    const [first, second] = [await open(options), await open(options)]
    const old = await first.acquire(shard, 'old', 1)
    const answer = await until(
      async () => {
        const claim = await second.acquire(shard, 'new', 60_000)
        return claim.outcome === 'acquired' ? claim : undefined
      },
      { what: 'the lease of the first owner has run out' },
    )
    expect(answer.uncleanStop).toBe(true)
    const before = await snapshot(second)
    await refuses('CT_FENCED', new Owner(first, shard, epochOf(old)).commit(...inserts([aJob(1)])))
    expect(await snapshot(second)).toEqual(before)
    await new Owner(second, shard, answer.epoch).insert(aJob(1))
  })

  it('refuses an owner whose epoch was given out a second time by a failover', async () => {
    const [first, second] = [await open(options), await open(options)]
    const old = await first.acquire(shard, 'old', 60_000)
    const { epoch } = new Owner(first, shard, epochOf(old))
    // What a replica that knew nothing of the first acquisition hands out.
    const key = `${options.prefix}:{${suitePipeline}:0}:shard`
    await say(server, 'HSET', key, 'owner', 'new', 'epoch', String(epoch))
    await refuses('CT_FENCED', new Owner(first, shard, epoch).commit(...inserts([aJob(1)])))
    expect(await first.renew(shard, epoch, 60_000)).toBe(false)
    await first.release(shard, epoch)
    expect((await second.acquire(shard, 'third', 60_000)).outcome).toBe('held')
    expect(await second.getJobs(shard, ['job-1'])).toEqual([])
  })

  it('writes nothing of a large group whose last mutation does not fit', async () => {
    const store = await open(options)
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 3_000 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs)
    const before = await snapshot(store)
    const misfit = completion(aJob(1, { phase: 3 }))
    const group = [...jobs.map((job) => completion(job)), ...inserts([aJob(3_001)]), misfit]
    await refuses('CT_INTERNAL', owner.commit(...group))
    expect(await snapshot(store)).toEqual(before)
  })

  it('commits a group of 20,000 mutations', async () => {
    const store = await open(options)
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 10_000 }, (_, index) => aJob(index + 1))
    await owner.commit(...inserts(jobs), ...jobs.map((job) => completion(job)))
    expect((await store.summarise(shard)).settled.done).toBe(10_000)
  })

  it('goes on when the server has forgotten the scripts', async () => {
    const store = await open(options)
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    await say(server, 'SCRIPT', 'FLUSH')
    await owner.insert(aJob(2))
    await say(server, 'SCRIPT', 'FLUSH')
    expect(await store.loadReady(shard, { phase: 0, limit: 9 })).toHaveLength(2)
  })

  it('stops an owner whose confirmed group the server has lost', async () => {
    const store = await open(options)
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    const key = `${options.prefix}:{${suitePipeline}:0}:shard`
    await say(server, 'HSET', key, 'group', 'an earlier one', 'number', '0')
    await refuses('CT_STORE_FAILED', owner.commit(completion(aJob(1))))
    expect((await store.summarise(shard)).settled.done).toBe(0)
    await (await Owner.of(store)).commit(completion(aJob(1)))
  })

  it('stops it also when the group that comes next had no answer before', async () => {
    const proxy = await TcpProxy.start(server.port)
    ending.push(() => proxy.stop())
    const store = await open({ ...options, redisUri: `redis://127.0.0.1:${proxy.port}` })
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    const next = { id: 'the-next', number: 2, mutations: inserts([aJob(2)]) }
    const cut = proxy.cut('the-next', 'before')
    await refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, owner.epoch, next))
    await cut
    const key = `${options.prefix}:{${suitePipeline}:0}:shard`
    await say(server, 'HSET', key, 'group', 'an earlier one', 'number', '0')
    const { answer } = await settledCommit(store, owner.epoch, next)
    expect(answer).toMatchObject({ code: 'CT_STORE_FAILED' })
    expect(await store.getJobs(shard, ['job-2'])).toEqual([])
  })

  it('ignores a group that a broken connection brings after later ones', async () => {
    const store = await open(options)
    const owner = await Owner.of(store)
    const late = { id: 'late', number: 1, mutations: inserts([aJob(1)]) }
    await store.commit(shard, owner.epoch, late)
    const { epoch } = owner
    const removal: Mutation = { type: 'remove', job: at(aJob(1)) }
    const next = { id: 'next', number: 2, mutations: [completion(aJob(1)), removal] }
    await store.commit(shard, epoch, next)
    await refuses('CT_STORE_FAILED', store.commit(shard, epoch, late))
    expect(await store.getJobs(shard, ['job-1'])).toEqual([])
  })

  for (const when of ['before', 'after'] as const) {
    it(`does not know what became of a commit when the connection breaks ${when} it`, async () => {
      const proxy = await TcpProxy.start(server.port)
      ending.push(() => proxy.stop())
      const redisUri = `redis://127.0.0.1:${proxy.port}`
      const store = await open({ ...options, redisUri })
      const owner = await Owner.of(store)
      await owner.insert(aJob(1), aJob(2))
      const twin = aJob(4, { id: 'job-1', checksum: aJob(1).checksum })
      const mutations = [...inserts([aJob(3), twin]), completion(aJob(2))]
      const group = { id: 'the-group', number: 2, mutations }

      const cut = proxy.cut('the-group', when)
      await refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, owner.epoch, group))
      await cut
      const beside = await open(options)
      expect((await beside.summarise(shard)).lastSequence).toBe(when === 'before' ? 2 : 3)

      const { answer } = await commitAgain(store, owner.epoch, group)
      expect(answer.inserts.map(({ outcome }) => outcome)).toEqual(['stored', 'duplicate'])
      expect((await store.summarise(shard)).settled.done).toBe(1)
      expect(await store.listAttempts(shard, 'job-2')).toHaveLength(1)
    })
  }

  it('refuses what a newer version has written, and leaves it as it is', async () => {
    await say(server, 'SET', `${options.prefix}:schema`, '99')
    await refuses('CT_STORE_FOREIGN', open(options))
    expect(await say(server, 'GET', `${options.prefix}:schema`)).toBe('99')
  })

  it('refuses a database that the server does not have, and shows the one that it has', async () => {
    await refuses('CT_STORE_FAILED', open({ ...options, redisUri: `${server.uri}/99` }))
    expect(await say(server, 'EXISTS', `${options.prefix}:schema`)).toBe(0)
    const store = await open({ ...options, redisUri: `${server.uri}/3` })
    expect(store.info().description).toContain(`${server.address}/3,`)
  })

  it('says that a waiting job has lost its record, and does not hide those behind it', async () => {
    const store = await open(options)
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2), aJob(3))
    const start = `${options.prefix}:{${suitePipeline}:0}`
    await say(server, 'HDEL', `${start}:job`, '1'.padStart(16, '0'))
    const ready = store.loadReady(shard, { phase: 0, limit: 2 })
    await refuses('CT_STORE_FOREIGN', ready)
  })

  it('can be closed before it is open, twice, and while it connects', async () => {
    const store = new RedisStorageBackend(suitePipeline, { redisUri: 'redis://127.0.0.1:1' })
    await store.close()
    const opening = store.open()
    await store.close()
    await refuses('CT_STORE_FAILED', opening)
    await store.close()
    await refuses('CT_STORE_FAILED', store.acquire(shard, 'owner', 1_000))
  })
})

function epochOf(answer: { outcome: string; epoch?: number }): number {
  expect(answer.outcome).toBe('acquired')
  return answer.epoch ?? 0
}

describe.skipIf(missing !== undefined)(`${name} whose server is killed`, () => {
  it('has every answered commit, and each of the others once', async () => {
    const server = await aServer()
    const store = await open({ redisUri: server.uri })
    const { epoch } = await Owner.of(store)
    const { instructions } = aJob(1)
    const advance = { type: 'advance', toPhase: 1, readyMs: 9, instructions } as const
    const [groups, killEvery] = [320, 80]
    let unknown = 0
    let killing: Promise<void> | undefined
    for (let n = 1; n <= groups; n += 1) {
      const job = aJob(n)
      const before = n === 1 ? [] : [{ ...advance, job: at(aJob(n - 1)), ended: anAttempt() }]
      const group = { id: `g-${n}`, number: n, mutations: [...inserts([job]), ...before] }
      if (n % killEvery === 0) killing = crash(server, store, n - 1)
      unknown += (await commitAgain(store, epoch, group)).unknown
      await killing
    }
    expect(unknown).toBeGreaterThan(0)
    const { lastSequence, phases } = await store.summarise(shard)
    expect(lastSequence).toBe(groups)
    expect(phases).toEqual([
      { phase: 0, ready: 1, scheduled: 0 },
      { phase: 1, ready: groups - 1, scheduled: 0 },
    ])
    for (let n = 1; n < groups; n += 1) {
      expect(await store.listAttempts(shard, `job-${n}`)).toHaveLength(1)
    }
  })

  /** Whatever was answered before the crash is there after it. */
  async function crash(server: RedisServer, store: RedisStorageBackend, done: number) {
    await server.kill()
    await server.restart()
    expect((await store.summarise(shard)).lastSequence).toBeGreaterThanOrEqual(done)
  }

  it('reads go on by themselves when it is back', async () => {
    const server = await aServer()
    const store = await open({ redisUri: server.uri })
    await (await Owner.of(store)).insert(aJob(1))
    await server.kill()
    const reading = store.getJobs(shard, ['job-1'])
    await server.restart()
    expect(await reading).toHaveLength(1)
  })

  it('gives a commit up that a frozen server does not answer, and finds it done later', async () => {
    const server = await aServer()
    const store = await open({ redisUri: server.uri })
    const owner = await Owner.of(store)
    const group = { id: 'frozen', number: 1, mutations: inserts([aJob(1)]) }
    server.pause()
    await refuses('CT_OUTCOME_UNKNOWN', store.commit(shard, owner.epoch, group))
    server.resume()
    const { answer } = await commitAgain(store, owner.epoch, group)
    expect(answer.inserts).toEqual([{ id: 'job-1', outcome: 'stored' }])
  })
})

describe.skipIf(missing !== undefined)(`${name} and the settings of its server`, () => {
  for (const [log, words, durability] of [
    ['off', 'no AOF', 'D0'],
    // A server that is killed while a flush is slow loses what it has answered.
    ['everysec', 'AOF everysec', 'D0'],
    ['always', 'AOF always', 'D2'],
  ] as const) {
    it(`promises ${durability} with ${words}`, async () => {
      const server = await aServer({ log })
      const { description, capabilities } = (await open({ redisUri: server.uri })).info()
      expect(description).toMatch(/^Redis \d+\.\d+\.\d+ at 127\.0\.0\.1:\d+, /)
      expect(description.endsWith(words)).toBe(true)
      expect(capabilities).toMatchObject({ durability, persistent: log !== 'off', shared: true })
    })
  }

  it('assumes the least where CONFIG is forbidden', async () => {
    const server = await aServer()
    await say(server, 'ACL', 'SETUSER', 'guest', 'on', '>pw', '~*', '+@all', '-config')
    const store = await open({ redisUri: server.uri, username: 'guest', password: 'pw' })
    expect(store.info().description).toContain('AOF unknown (CONFIG is forbidden)')
    expect(store.info().capabilities.durability).toBe('D0')
  })

  it('refuses a server that throws keys away, and says the command that mends it', async () => {
    const server = await aServer({
      args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'],
    })
    const opening = open({ redisUri: server.uri })
    await expect(opening).rejects.toMatchObject({
      code: 'CT_STORE_FOREIGN',
      hint: 'Run: CONFIG SET maxmemory-policy noeviction',
    })
    expect(await say(server, 'DBSIZE')).toBe(0)
  })

  describe('that are changed while it is open', () => {
    const cut = (server: RedisServer) => say(server, 'CLIENT', 'KILL', 'TYPE', 'normal')

    async function commitsOn(store: RedisStorageBackend) {
      const { epoch } = await Owner.of(store)
      return (number: number) => {
        const mutations = inserts([aJob(number)])
        return commitAgain(store, epoch, { number, id: `1-${number}`, mutations })
      }
    }

    it('promises with the first answer over a new connection what they say by then', async () => {
      const server = await aServer()
      const store = await open({ redisUri: server.uri })
      const commit = await commitsOn(store)
      await commit(1)
      expect(store.info().capabilities.durability).toBe('D2')
      await say(server, 'CONFIG', 'SET', 'appendonly', 'no')
      await cut(server)
      await commit(2)
      expect(store.info().capabilities).toMatchObject({ durability: 'D0', persistent: false })
    })

    it('looks after a minute, over a connection that lasts', async () => {
      const server = await aServer()
      const store = await open({ redisUri: server.uri })
      const { epoch } = new Owner(store, shard, epochOf(await store.acquire(shard, 'me', 60_000)))
      await say(server, 'CONFIG', 'SET', 'appendfsync', 'everysec')
      const startedMs = performance.now()
      const clock = vi.spyOn(performance, 'now').mockReturnValue(startedMs + 61_000)
      expect(await store.renew(shard, epoch, 60_000)).toBe(true)
      clock.mockRestore()
      await until(() => store.info().capabilities.durability === 'D0', { what: 'it promises less' })
    })

    it('refuses to go on when it may throw keys away by now', async () => {
      const server = await aServer()
      const store = await open({ redisUri: server.uri })
      const commit = await commitsOn(store)
      await say(server, 'CONFIG', 'SET', 'maxmemory', '50mb')
      await say(server, 'CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
      await cut(server)
      // The first one is refused as well when it has to be sent again and comes after the answer to the question.
      const commits = async () => {
        await commit(1)
        await commit(2)
      }
      await refuses('CT_STORE_FOREIGN', commits())
    })
  })

  it('refuses new jobs when the memory is full, and settles those that are there', async () => {
    const server = await aServer({ log: 'off' })
    const store = await open({ redisUri: server.uri })
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    await say(server, 'CONFIG', 'SET', 'maxmemory', '1mb')
    const before = await snapshot(store)
    await refuses('CT_STORE_FULL', owner.commit(...inserts([aJob(2)]), completion(aJob(1))))
    expect(await snapshot(store)).toEqual(before)
    await owner.commit(completion(aJob(1)))
    await say(server, 'CONFIG', 'SET', 'maxmemory', '0')
    await owner.insert(aJob(2))
  })

  it('refuses a replica', async () => {
    const server = await aServer({ args: ['--replicaof', '127.0.0.1', '1'] })
    await refuses('CT_STORE_FOREIGN', open({ redisUri: server.uri }))
  })

  it('never shows a password', async () => {
    const password = 'sesame-42'
    const server = await aServer({ args: ['--requirepass', password] })
    const store = await open({ redisUri: `redis://:${password}@${server.address}` })
    expect(store.info().description).not.toContain(password)

    const wrong = [
      { redisUri: `redis://:${password}-not@${server.address}` },
      { redisUri: server.uri, password: `${password}-not` },
      { redisUri: `redis://:${password}@127.0.0.1:1` },
    ]
    for (const options of wrong) {
      const error = await open(options).catch((thrown: unknown) => thrown)
      expect(isCarbontubeError(error)).toBe(true)
      expect(everythingOf(error)).not.toContain(password)
    }
    const nonsense = (): unknown => new RedisStorageBackend('x', { redisUri: `${password}` })
    expect(nonsense).toThrow(expect.not.stringContaining(password))
  })
})

/** All that a logger could make of it. */
function everythingOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = JSON.stringify(
    Object.getOwnPropertyNames(error).map((key) => Reflect.get(error, key)),
  )
  return `${error.message} ${error.stack} ${own} ${everythingOf(error.cause ?? '')}`
}
