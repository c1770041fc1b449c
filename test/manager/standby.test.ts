/** Two managers and one store that both may use: one owns the shard, the other waits to be needed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CarbontubeError } from '../../src/errors/errors.ts'
import type { Manager } from '../../src/manager/manager.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'
import { ACompany, held, Numbers, numbersSite, type Run } from './a-company.ts'
import { SharedStorage } from './shared-storage.ts'

const otherSite = { pull: 'tcp://127.0.0.1:5150', sub: 'tcp://127.0.0.1:6100' }
const ref = { pipeline: 'numbers', shard: 0 }

let company: ACompany
let storage: SharedStorage
let nowMs: number

beforeEach(() => {
  company = new ACompany()
  nowMs = Date.now()
  storage = new SharedStorage('numbers', { nowMs: () => nowMs })
  held.runs = undefined
})

afterEach(() => company.close())

/** It stays away until it has been asked so many times more. */
async function askedInVain(times: number): Promise<void> {
  const before = storage.asked
  await until(() => storage.asked >= before + times, { what: 'it is asked in vain' })
}

async function standsBy(manager: Manager): Promise<void> {
  await until(() => manager.state === 'standby', { what: 'it stands by' })
}

/** `started`: when the second one owns the shard. */
async function anOwnerAndAStandby() {
  const first = await company.manager(Numbers, numbersSite, storage)
  const second = company.aManager(Numbers, otherSite, storage)
  const started = second.start()
  await standsBy(second)
  return { first, second, started }
}

describe('a second manager on a shared store', () => {
  it('stands by, without doors, until the first hands over', async () => {
    const { first, second, started } = await anOwnerAndAStandby()
    expect(() => second.addresses).toThrow('owns no shard')
    await first.stop()
    await started
    expect(second.state).toBe('running')
    expect(second.addresses.pull).toEqual([otherSite.pull])
  })

  it('goes on with what is stored and adopts what runs', async () => {
    const runs = new Happened<Run>()
    held.runs = runs
    const { first, second, started } = await anOwnerAndAStandby()
    const bothSites = { ...numbersSite, others: [otherSite] }
    await company.worker(Numbers, 0, bothSites)
    await company.worker(Numbers, 1, bothSites)
    const pull = `${otherSite.pull},${numbersSite.pull}`
    const client = await company.client({ ...numbersSite, pull })
    await client.enqueueJobs([{ name: 'numbers', id: 'job-0', instructions: { n: 1 } }])
    const [run] = await runs.times(1)
    await first.stop()
    await started
    const working = () => second.status().shards[0]?.phases[1]?.running === 1
    await until(working, { what: 'the run is adopted' })
    run?.goOn()
    // The client has found the second one by itself.
    expect(await client.result('job-0')).toMatchObject({ note: '1 → 2' })
    expect(runs.all).toHaveLength(1)
  })

  it('goes on waiting while the store does not answer, also when it is to begin', async () => {
    const { first, second, started } = await anOwnerAndAStandby()
    storage.isAway = true
    await askedInVain(2)
    storage.isAway = false
    // It gets the shard, and the store goes away again before it has read it.
    storage.summarise = async () => {
      Reflect.deleteProperty(storage, 'summarise')
      throw new CarbontubeError('CT_UNREACHABLE', 'it does not answer')
    }
    await first.stop()
    await started
    expect(second.state).toBe('running')
  })

  it('waits for a store that is full, as the owner does, until there is room again', async () => {
    const { first, second, started } = await anOwnerAndAStandby()
    storage.isFull = true
    await until(() => first.state === 'standby', { what: 'its lease ends', timeoutMs: 15_000 })
    await askedInVain(4)
    storage.isFull = false
    await until(() => [first, second].some(({ state }) => state === 'running'), {
      what: 'one of them has the shard again',
    })
    expect([first.state, second.state].toSorted()).toEqual(['running', 'standby'])
    // Whichever it is: the other one takes over from it.
    const [owner, other] = first.state === 'running' ? [first, second] : [second, first]
    await owner.stop()
    await until(() => other.state === 'running', { what: 'the other one has it' })
    await started
  }, 30_000)

  it('gets the shard, and what is not written, from one that stops while the store has no room', async () => {
    const runs = new Happened<Run>()
    held.runs = runs
    const { first, started } = await anOwnerAndAStandby()
    const bothSites = { ...numbersSite, others: [otherSite] }
    await company.worker(Numbers, 0, bothSites)
    await company.worker(Numbers, 1, bothSites)
    const client = await company.client({
      ...numbersSite,
      pull: `${otherSite.pull},${numbersSite.pull}`,
    })
    await client.enqueueJobs([{ name: 'numbers', id: 'job-0', instructions: { n: 1 } }])
    const [run] = await runs.times(1)
    const refused = new Happened<string>()
    storage.commit = async () => {
      refused.note('full')
      throw new CarbontubeError('CT_STORE_FULL', 'it has no room')
    }
    const result = client.result('job-0')
    run?.goOn()
    await refused.times(2)
    await first.stop()
    expect(first.state).toBe('stopped')
    await started
    Reflect.deleteProperty(storage, 'commit')
    expect(await result).toMatchObject({ note: '1 → 2' })
    expect(runs.all).toHaveLength(1)
  }, 30_000)

  it('is left by itself when it is stopped while it stands by', async () => {
    await company.manager(Numbers, numbersSite, storage)
    const second = company.aManager(Numbers, otherSite, storage)
    const started = second.start()
    await standsBy(second)
    await second.stop()
    await started
    expect(second.state).toBe('stopped')
  })
})

describe('an owner that has lost its shard', () => {
  it('commits and answers nothing more, stands by, and owns it again when it is free', async () => {
    const manager = await company.manager(Numbers, numbersSite, storage)
    const client = await company.client(numbersSite)
    await client.enqueueJobs([{ name: 'numbers', id: 'before', instructions: { n: 1 } }])
    nowMs += 10_000
    const stranger = await storage.acquire(ref, 'a stranger', 9_000)
    expect(stranger.outcome).toBe('acquired')
    const refused = client.enqueueJobs([{ name: 'numbers', id: 'after', instructions: { n: 1 } }])
    await standsBy(manager)
    expect(await storage.getJobs(ref, ['after'])).toEqual([])
    if (stranger.outcome === 'acquired') await storage.release(ref, stranger.epoch)
    await until(() => manager.state === 'running', { what: 'it owns the shard again' })
    // The client has kept what was not acknowledged, and asks again.
    expect((await refused)[0]).toMatchObject({ ok: true, acknowledged: true })
    expect(await storage.getJobs(ref, ['before', 'after'])).toHaveLength(2)
  })

  it('waits for a store that does not answer when it reads', async () => {
    const runs = new Happened<Run>()
    held.runs = runs
    const manager = await company.manager(Numbers, numbersSite, storage)
    await company.worker(Numbers, 0, numbersSite)
    await company.worker(Numbers, 1, numbersSite)
    const client = await company.client(numbersSite)
    await client.enqueueJobs([{ name: 'numbers', id: 'job-0', instructions: { n: 1 } }])
    const result = client.result('job-0')
    await runs.times(1)
    storage.isAway = true
    // Commits are answered; but what a client is told of a job that is not done has to be read.
    const cancelled = client.cancelJob('job-0')
    await standsBy(manager)
    storage.isAway = false
    expect(await cancelled).toMatch(/cancelled|settled/)
    await expect(result).rejects.toMatchObject({ code: 'CT_JOB_CANCELLED' })
    expect(manager.state).toBe('running')
  })
})
