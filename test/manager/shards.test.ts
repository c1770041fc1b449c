/** Several managers share the shards of a pipeline, and a client asks them as if they were one. */
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { shareOf } from '../../src/manager/claims.ts'
import { CarbontubeError } from '../../src/errors/errors.ts'
import type { Manager } from '../../src/manager/manager.ts'
import { Reception } from '../../src/manager/reception.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import type { Link } from '../../src/transport/contract.ts'
import { encodeInstructions } from '../../src/wire/instructions.ts'
import { encodeEnqueue } from '../../src/wire/requests.ts'
import { shardOf } from '../../src/wire/shard-of.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'
import { ACompany, held, Numbers, type Site } from './a-company.ts'
import { SharedStorage } from './shared-storage.ts'

const shards = 7
const sites: readonly Site[] = [1, 2, 3].map((at) => {
  return { pull: `tcp://127.0.0.1:${5_000 + 100 * at}`, sub: `tcp://127.0.0.1:${6_000 + 100 * at}` }
})
const [site, ...others] = sites as [Site, Site, Site]

let company: ACompany
let storage: SharedStorage

beforeEach(() => {
  company = new ACompany()
  storage = new SharedStorage('numbers')
  held.runs = undefined
})

afterEach(() => company.close())

async function joins(at: Site): Promise<Manager> {
  const manager = company.aManager(Numbers, at, storage, { shards })
  await manager.start()
  return manager
}

async function share(
  managers: readonly Manager[],
  expected: readonly number[],
  timeoutMs = 8_000,
): Promise<void> {
  const owned = () => managers.map((manager) => manager.status().shards.length)
  await until(() => String(owned()) === String(expected), {
    what: `the shards are shared ${expected.join(', ')}`,
    timeoutMs,
  })
}

function jobs(count: number, value = 1) {
  return Array.from({ length: count }, (_, n) => {
    return { name: 'numbers', id: `job-${n}`, instructions: { n: n * value } } as const
  })
}

const ids = (count: number) => jobs(count).map(({ id }) => id)

async function states(
  client: Pick<PipelineClient, 'waitForJobs'>,
  of: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>()
  await client.waitForJobs(of, 10_000, (items) => {
    for (const { state } of items) found.add(state)
  })
  return found
}

function aClient(): Promise<PipelineClient<typeof Numbers>> {
  return company.client({ ...site, pull: sites.map(({ pull }) => pull).join(',') })
}

describe('the share of a manager', () => {
  it('is equal, and all of them are all shards', () => {
    const counts = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(counts, counts, (of, managers) => {
        const all = Array.from({ length: managers }, (_, place) => shareOf(of, managers, place))
        expect(all.reduce((sum, one) => sum + one, 0)).toBe(of)
        expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1)
      }),
    )
  })
})

describe('the shard of a job', () => {
  it.each([
    ['', 2_166_136_261],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j is what every language makes of it', (id, hash) => {
    expect(shardOf(id, 2 ** 32)).toBe(hash)
    expect(shardOf(id, 16)).toBe(hash % 16)
  })
})

describe('managers that share a pipeline', () => {
  it('have equal shares when one joins and when one leaves', async () => {
    const first = await joins(site)
    await share([first], [7])
    const second = await joins(others[0])
    await share([first, second], [4, 3])
    const third = await joins(others[1])
    await share([first, second, third], [3, 2, 2])
    await second.stop()
    await share([first, third], [4, 3])
  })

  it('do the jobs of all shards, whoever is asked', async () => {
    const managers = [await joins(site), await joins(others[0])]
    await share(managers, [4, 3])
    await company.worker(Numbers, 0, { ...site, others })
    await company.worker(Numbers, 1, { ...site, others })
    const client = await aClient()
    const answers = await client.enqueueJobs(jobs(300))
    expect(answers.map(({ job }) => job.id)).toEqual(ids(300))
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['stored']))
    expect(await states(client, ids(300))).toEqual(new Set(['done']))
    const status = await client.status()
    expect(status.shards.map(({ shard }) => shard)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(status.managers).toHaveLength(2)
    expect(await client.result('job-77')).toMatchObject({ n: 77, note: '77 → 154' })
    expect((await client.enqueueJobs(jobs(3)))[2]?.outcome).toBe('duplicate')
    expect((await client.enqueueJobs(jobs(3, 9)))[2]?.outcome).toBe('conflict')
  })

  it('go on when the store takes no release of a shard that is handed over', async () => {
    const first = await joins(site)
    storage.release = async () => {
      Reflect.deleteProperty(storage, 'release')
      throw new CarbontubeError('CT_UNREACHABLE', 'it does not answer')
    }
    const second = await joins(others[0])
    // What was not released is free when its lease has ended.
    await share([first, second], [4, 3], 20_000)
    expect(Object.hasOwn(storage, 'release')).toBe(false)
    await second.stop()
    await share([first], [7])
    storage.isAway = true
    await first.stop()
    expect(first.state).toBe('stopped')
  }, 30_000)

  it('drop a pushed job without an id, and live on, when they have lost all shards', async () => {
    const errors: unknown[] = []
    const reception = new Reception({
      ...{ pipeline: 'numbers', shards: () => 7, owned: new Map(), description: { phases: [] } },
      welcome: () => {
        throw new Error('nobody asks')
      },
      status: () => Promise.reject(new Error('nobody asks')),
      reply: () => undefined,
      onRejected: (error) => errors.push(error),
    })
    const instructions = encodeInstructions({ n: 1 })
    await reception.submitUnacknowledged('numbers', [
      { id: '', priority: 0, sentMs: 0, instructions },
    ])
    expect(errors).toMatchObject([{ code: 'CT_NOT_OWNER' }])
  })

  it('know by the beats alone who works for a shard that comes back to them', async () => {
    const first = await joins(site)
    const second = await joins(others[0])
    await share([first, second], [4, 3])
    // Nobody announces them: the event doors are cut.
    const sub = 'tcp://127.0.0.1:9999'
    for (const index of [0, 1]) {
      await company.worker(Numbers, index, { ...site, sub, others: [{ ...others[0], sub }] })
    }
    const client = await aClient()
    await client.enqueueJobs(jobs(50))
    expect(await states(client, ids(50))).toEqual(new Set(['done']))
    await second.stop()
    await share([first], [7])
    await client.enqueueJobs(jobs(100).slice(50))
    expect(await states(client, ids(100))).toEqual(new Set(['done']))
  })

  it('are asked for lists, pauses and single jobs as if they were one', async () => {
    await joins(site)
    await joins(others[0])
    const client = await aClient()
    expect(await client.pause('note')).toEqual({ pipeline: false, phases: ['note'] })
    await client.enqueueJobs(jobs(250))
    const listed: string[] = []
    let after = ''
    do {
      const page = await client.listJobs({ state: 'ready' }, { after, limit: 40 })
      expect(page.count).toBe(250)
      listed.push(...page.jobs.map(({ id }) => id))
      after = page.next
    } while (after !== '')
    expect(listed.toSorted()).toEqual(ids(250).toSorted())
    await expect(client.listJobs({}, { after: '9:1' })).rejects.toMatchObject({
      code: 'CT_BAD_OPTION',
    })
    expect((await client.getJob('job-7')).job.state).toBe('ready')
    expect(await client.cancelJob('job-7')).toBe('cancelled')
    expect(await client.redriveJobs(ids(20))).toHaveLength(20)
    expect(await client.resume('note')).toEqual({ pipeline: false, phases: [] })
    expect(await client.drainWorker('nobody')).toBe('notFound')
  })

  it('keep those who wait for a job of a shard that goes from one to another', async () => {
    const first = await joins(site)
    const client = await aClient()
    await client.enqueueJobs(jobs(100))
    const waited = states(client, ids(100))
    const second = await joins(others[0])
    await share([first, second], [4, 3])
    await first.stop()
    await share([second], [7])
    await company.worker(Numbers, 0, { ...site, others })
    await company.worker(Numbers, 1, { ...site, others })
    expect(await waited).toEqual(new Set(['done']))
  })

  it('take the work of each shard in turn, with a worker that has one slot', async () => {
    await joins(site)
    await joins(others[0])
    for (const phase of [0, 1])
      await company.worker(Numbers, phase, { ...site, others, concurrency: 1 })
    const client = await aClient()
    await client.enqueueJobs(jobs(200))
    expect(await states(client, ids(200))).toEqual(new Set(['done']))
  })

  it('drop jobs of other shards that nobody wants an answer for, and name those without a name', async () => {
    const managers = [await joins(site), await joins(others[0])]
    await share(managers, [4, 3])
    const push = await new Promise<Link>((resolve) => {
      const link = company.network.connectPush({
        ...{ address: site.pull, onUp: () => setImmediate(() => resolve(link)) },
      })
    })
    const instructions = encodeInstructions({ n: 1 })
    const items = ['', '', ...ids(50)].map((id) => ({ id, priority: 0, sentMs: 0, instructions }))
    push.send(encodeEnqueue({ pipeline: 'numbers' }, items))
    const owned = managers[0]?.status().shards.map(({ shard }) => shard) ?? []
    const own = ids(50).filter((id) => owned.includes(shardOf(id, shards)))
    const stored = () =>
      managers[0]?.status().shards.reduce((sum, { counters }) => sum + counters.stored, 0)
    await until(() => stored() === own.length + 2, { what: 'those that belong there are stored' })
    expect(managers[0]?.status().rejectedMessages).toBeGreaterThan(0)
    push.close()
  })
})

describe('the number of shards', () => {
  it('stays what the pipeline was created with', async () => {
    await joins(site)
    const other = company.aManager(Numbers, others[0], storage, { shards: 4 })
    await expect(other.start()).rejects.toMatchObject({
      code: 'CT_BAD_OPTION',
      message: '"numbers" has 7 shards, not 4',
    })
    const any = company.aManager(Numbers, others[1], storage)
    await any.start()
    expect(any.status().welcome.shards).toBe(7)
  })

  it('is put into a store again that was emptied, before it has jobs', async () => {
    const manager = await joins(site)
    await share([manager], [7])
    await storage.empty({ pipeline: 'numbers', shard: 0 })
    const client = await aClient()
    client.enqueueJobs(jobs(100)).catch(() => undefined)
    await until(async () => (await storage.shardsOf()) === 7, { what: 'the shards are known' })
  })

  it('ends a manager when an emptied store got another one meanwhile', async () => {
    const failed = new Happened<unknown>()
    const more = { shards, onFatal: failed.note }
    const manager = company.aManager(Numbers, site, storage, more)
    await manager.start()
    await share([manager], [7])
    await storage.empty({ pipeline: 'numbers', shard: 0 })
    await storage.registerPipeline({ name: 'numbers', jobTypes: [], shards: 1, nowMs: 1 })
    const client = await aClient()
    client.enqueueJobs(jobs(100)).catch(() => undefined)
    expect(await failed.times(1)).toMatchObject([
      { code: 'CT_BAD_OPTION', message: '"numbers" has 1 shard, not 7' },
    ])
  })

  it('is one in a store of one process', async () => {
    const alone = company.aManager(Numbers, site, new EphemeralStorageBackend('numbers'), {
      shards: 2,
    })
    await expect(alone.start()).rejects.toMatchObject({
      code: 'CT_BAD_OPTION',
      hint: expect.stringContaining('Redis or Postgres') as string,
    })
  })
})
