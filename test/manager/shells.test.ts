/** Manager, workers and client together, without ports: the shells, their core and the wire between them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { encodeInstructions } from '../../src/wire/instructions.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { encodeEnqueue } from '../../src/wire/requests.ts'
import { leaks, until } from '../wait.ts'
import { Happened } from '../transport/happened.ts'
import {
  ACompany,
  held,
  Letters,
  lettersSite,
  Numbers,
  numbersSite,
  type Run,
} from './a-company.ts'
import { SharedStorage } from './shared-storage.ts'

let company: ACompany

beforeEach(() => {
  company = new ACompany()
  held.runs = undefined
})

afterEach(() => company.close())

const double = 0
const note = 1

function jobs(count: number) {
  return Array.from({ length: count }, (_, n) => {
    return { name: 'numbers', id: `job-${n}`, instructions: { n } } as const
  })
}

describe('a client that was closed', () => {
  it('refuses at once, and leaves no timer that would keep the process alive', async () => {
    await company.manager(Numbers, numbersSite)
    const client = await company.client(numbersSite)
    client.close()
    const before = process.getActiveResourcesInfo()
    await expect(client.status()).rejects.toMatchObject({ code: 'CT_STOPPED' })
    await expect(client.enqueueJobs(jobs(1))).rejects.toMatchObject({ code: 'CT_STOPPED' })
    expect(leaks(before)).toEqual([])
  })
})

describe('a manager with its workers', () => {
  it('takes 200 jobs through two phases', async () => {
    const manager = await company.manager(Numbers, numbersSite)
    await company.worker(Numbers, double, numbersSite)
    await company.worker(Numbers, note, numbersSite)
    const client = await company.client(numbersSite)
    const answers = await client.enqueueJobs(jobs(200))
    expect(answers.every(({ ok, acknowledged }) => ok && acknowledged)).toBe(true)
    const states: string[] = []
    await client.waitForJobs(
      answers.map(({ job }) => job.id),
      10_000,
      (items) => states.push(...items.map(({ state }) => state)),
    )
    expect(states).toEqual(Array.from({ length: 200 }, () => 'done'))
    expect(manager.status().shards[0]).toMatchObject({
      settled: { done: 200, dead: 0, cancelled: 0 },
      counters: { retried: 0, released: 0, stale: 0, duplicate: 0, resent: 0 },
    })
    expect(await client.result('job-7')).toMatchObject({ n: 7, doubled: 14, note: '7 → 14' })
  })

  it('can be asked for the result of a job that is being enqueued', async () => {
    await company.manager(Numbers, numbersSite)
    await company.worker(Numbers, double, numbersSite)
    await company.worker(Numbers, note, numbersSite)
    const client = await company.client(numbersSite)
    const [, result] = await Promise.all([client.enqueueJobs(jobs(1)), client.result('job-0')])
    expect(result).toMatchObject({ doubled: 0 })
  })

  it('answers each job for itself when one call has its id twice', async () => {
    const order = (n: number, id: string) => ({ name: 'numbers', id, instructions: { n } }) as const
    await company.manager(Numbers, numbersSite)
    const client = await company.client(numbersSite)
    const answers = await client.enqueueJobs([
      order(1, 'a'),
      order(2, 'a'),
      order(3, 'b'),
      order(1, 'a'),
    ])
    expect(answers.map(({ job, outcome }) => `${job.id} ${outcome}`)).toEqual([
      ...['a stored', 'a conflict', 'b stored', 'a duplicate'],
    ])
    await expect(client.enqueueJob(order(1, 'x\ud800'))).rejects.toMatchObject({
      code: 'CT_INVALID_JOB',
    })
    const other = { ...order(1, 'c'), name: 'letters' as 'numbers' }
    await expect(client.enqueueJobs([order(1, 'c'), other])).rejects.toMatchObject({
      code: 'CT_BAD_OPTION',
    })
  })

  it('is waited for with more ids than fit into one request', async () => {
    await company.manager(Numbers, numbersSite)
    const client = await company.client(numbersSite)
    const unknown = Array.from({ length: 10_001 }, (_, n) => `nobody-${n}`)
    const told = new Map<string, string>()
    await client.waitForJobs(unknown, 10_000, (items) => {
      for (const { id, state } of items) told.set(id, state)
    })
    expect(told).toEqual(new Map(unknown.map((id) => [id, 'notFound'])))
  })

  it('may start after them', async () => {
    await company.worker(Numbers, double, numbersSite)
    await company.worker(Numbers, note, numbersSite)
    await company.manager(Numbers, numbersSite)
    const client = await company.client(numbersSite)
    await client.enqueueJobs(jobs(1))
    expect(await client.result('job-0')).toMatchObject({ note: '0 → 0' })
  })
})

/** Keeps jobs in memory, and can be made to take its time over a commit. */
class SlowStorage extends EphemeralStorageBackend {
  goOn: Promise<void> = Promise.resolve()
  override async commit(...order: Parameters<EphemeralStorageBackend['commit']>) {
    await this.goOn
    return await super.commit(...order)
  }
}

describe('the status', () => {
  it('shows as done what is done in the store', async () => {
    const storage = new SlowStorage('numbers')
    const manager = await company.manager(Numbers, numbersSite, storage)
    await company.worker(Numbers, double, numbersSite)
    await company.worker(Numbers, note, numbersSite)
    const runs = new Happened<Run>()
    held.runs = runs
    const client = await company.client(numbersSite)
    await client.enqueueJobs(jobs(1))
    const [run] = await runs.times(1)
    let commit = () => {}
    storage.goOn = new Promise((resolve) => (commit = resolve))
    run?.goOn()
    const decided = () => manager.status().shards[0]?.settled.done === 1
    await until(decided, { what: 'the manager knows that the job is done' })
    const order: string[] = []
    const shown = client.status().finally(() => order.push('status'))
    expect((await client.getJob('job-0')).job.state).not.toBe('done')
    order.push('commit')
    commit()
    expect((await shown).shards[0]?.settled.done).toBe(1)
    expect(order).toEqual(['commit', 'status'])
    expect((await client.getJob('job-0')).job.state).toBe('done')
  })

  it('is shown all the same when the store does not answer', async () => {
    const storage = new SlowStorage('numbers')
    await company.manager(Numbers, numbersSite, storage)
    const client = await company.client(numbersSite)
    let commit = () => {}
    storage.goOn = new Promise((resolve) => (commit = resolve))
    const enqueued = client.enqueueJobs(jobs(1))
    expect((await client.status()).shards[0]?.settled.done).toBe(0)
    commit()
    expect((await enqueued)[0]).toMatchObject({ ok: true, acknowledged: true })
  })
})

describe('what the store promises', () => {
  it('is told as it is by now, and in the log when it changes', async () => {
    const storage = new SharedStorage('numbers')
    const lines: string[] = []
    const logger = createLogger({ write: (_, message) => lines.push(message) })
    await company.aManager(Numbers, numbersSite, storage, { logger }).start()
    const client = await company.client(numbersSite)
    expect((await client.enqueueJobs(jobs(1)))[0]?.durability).toBe('D2')
    storage.durability = 'D0'
    const answers = [await client.enqueueJobs(jobs(2)), await client.enqueueJobs(jobs(3))].flat()
    expect(new Set(answers.map(({ durability }) => durability))).toEqual(new Set(['D0']))
    expect((await client.status()).managers[0]?.durability).toBe('D0')
    expect(lines.filter((line) => line.includes('promises D0 by now'))).toHaveLength(1)
  })
})

describe('jobs of a worker that dies', () => {
  /** Four jobs wait in the second phase with one worker, and there is another one for it. */
  async function fourJobsWithOneWorker() {
    const runs = new Happened<Run>()
    held.runs = runs
    const manager = await company.manager(Numbers, numbersSite)
    await company.worker(Numbers, double, numbersSite)
    const victim = await company.worker(Numbers, note, numbersSite)
    const client = await company.client(numbersSite)
    await client.enqueueJobs(jobs(4))
    const [first] = await runs.times(4)
    await company.worker(Numbers, note, numbersSite)
    const ready = () => manager.status().shards[0]?.workers.filter(({ state }) => state === 'ready')
    await until(() => ready()?.length === 3, { what: 'all workers are ready' })
    return { runs, client, victim, first }
  }

  async function runElsewhere({ runs, client, first }: Setting): Promise<void> {
    const again = (await runs.times(8)).slice(4)
    expect(new Set(again.map(({ n }) => n))).toEqual(new Set([0, 1, 2, 3]))
    for (const run of again) {
      expect(run.by).not.toBe(first?.by)
      run.goOn()
    }
    expect(await client.result('job-3')).toMatchObject({ note: '3 → 6' })
  }
  type Setting = Awaited<ReturnType<typeof fourJobsWithOneWorker>>

  it('go to another one at once', async () => {
    const setting = await fourJobsWithOneWorker()
    setting.victim.box.losesPower()
    await runElsewhere(setting)
    const { attempts } = await setting.client.getJob('job-3')
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['done', 'lost', 'done'])
  })

  it('go to another one when a worker of another pipeline takes its address', async () => {
    const setting = await fourJobsWithOneWorker()
    await company.manager(Letters, lettersSite)
    const { box, address } = setting.victim
    box.losesPower()
    await company.worker(Letters, 0, { ...lettersSite, pullBind: address })
    expect(await company.network.probe(address, 1_000)).toBe('open')
    await runElsewhere(setting)
    const { attempts } = await setting.client.getJob('job-3')
    expect(attempts[1]?.error?.message).toContain('replaced')
  })
})

const replayOfNote = { replay: { of: 'job-0', phase: 'note' } }

describe('jobs that nobody asked to acknowledge', () => {
  it.each([
    ['with a priority that is out of bounds', { priority: 99 }, {}],
    ['of a replay, which would be run from the first phase on', {}, replayOfNote],
  ])('are counted when they are dropped: those %s', async (_, odd, more) => {
    const manager = await company.manager(Numbers, numbersSite)
    const link = company.network.connectPush({ address: numbersSite.pull })
    const instructions = encodeInstructions({})
    const items = [{ id: '', priority: 0, sentMs: 0, instructions, ...odd }]
    const isUp = () => link.isUp
    await until(isUp, { what: 'the link stands' })
    link.send(encodeEnqueue({ pipeline: 'numbers', ...more }, items))
    await until(() => manager.status().rejectedMessages === 1, { what: 'the job is counted' })
    expect(manager.status().shards[0]?.counters.stored).toBe(0)
    link.close()
  })
})
