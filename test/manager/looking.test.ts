/** What somebody who looks at a pipeline can ask for, and what of it is published only for whom it is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { subscribe } from '../../src/client/event-subscription.ts'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { decodeInstructions } from '../../src/wire/instructions.ts'
import type { PublishedEvent } from '../../src/wire/published.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'
import { ACompany, held, Numbers, numbersSite, type Run } from './a-company.ts'

let company: ACompany
let client: PipelineClient<typeof Numbers>

beforeEach(async () => {
  company = new ACompany()
  held.runs = undefined
  await company.manager(Numbers, numbersSite)
  client = await company.client(numbersSite)
})

afterEach(() => company.close())

async function enqueued(count: number): Promise<readonly string[]> {
  const jobs = Array.from({ length: count }, (_, n) => {
    return { name: 'numbers', id: `job-${n}`, instructions: { n } } as const
  })
  return (await client.enqueueJobs(jobs)).map(({ job }) => job.id)
}

describe('a pipeline that is asked what it is', () => {
  it('describes its phases, with their time-outs and tries', async () => {
    const { phases, inputSchema } = await client.describe()
    expect(phases.map(({ jobType }) => jobType)).toEqual(['double', 'note'])
    expect(phases[0]).toMatchObject({ timeoutMs: 1_800_000, retry: { attempts: 5, crashes: 3 } })
    expect(inputSchema).toBeUndefined()
  })
})

describe('a list of jobs', () => {
  it('has their instructions when it is asked for them, and only then', async () => {
    await enqueued(3)
    const bare = await client.listJobs({ state: 'unsettled' })
    expect(bare.jobs.map(({ instructions }) => instructions)).toEqual([
      ...[undefined, undefined, undefined],
    ])
    const page = { withInstructions: true, withoutCount: true }
    const { jobs, count, more } = await client.listJobs({}, page)
    expect({ count, more }).toEqual({ count: 0, more: false })
    const read = jobs.map(({ instructions }) =>
      decodeInstructions(instructions ?? new Uint8Array()),
    )
    expect(read).toEqual([{ n: 2 }, { n: 1 }, { n: 0 }])
  })

  it('may be that of what one worker has now', async () => {
    held.runs = new Happened<Run>()
    await company.worker(Numbers, 0, numbersSite)
    const { worker } = await company.worker(Numbers, 1, { ...numbersSite, concurrency: 2 })
    await enqueued(9)
    await held.runs.times(2)
    const busy = await client.listJobs({ worker: worker.info.id })
    expect(busy.count).toBeGreaterThanOrEqual(2)
    expect(busy.jobs.every(({ state, phase }) => state === 'running' && phase === 'note')).toBe(
      true,
    )
    expect(await client.listJobs({ worker: 'nobody' })).toMatchObject({ jobs: [], count: 0 })
    held.runs.all.forEach(({ goOn }) => goOn())
  })

  it('may end where jobs are younger than so much', async () => {
    await enqueued(2)
    const [first] = (await client.listJobs()).jobs
    const beforeMs = first?.enqueuedMs ?? 0
    expect((await client.listJobs({ enqueuedBeforeMs: beforeMs + 1 })).count).toBe(2)
    expect((await client.listJobs({ enqueuedBeforeMs: beforeMs })).count).toBe(0)
  })
})

describe('the history of a job', () => {
  it('says which of the instructions a phase has set', async () => {
    await company.worker(Numbers, 0, numbersSite)
    await company.worker(Numbers, 1, numbersSite)
    const [id = ''] = await enqueued(1)
    await client.result(id)
    const { attempts } = await client.getJob(id)
    expect(attempts.map(({ keys }) => keys)).toEqual([['doubled'], ['note']])
  })
})

describe('a worker in the status', () => {
  it('tells how its process is', async () => {
    await company.worker(Numbers, 0, numbersSite)
    const health = await until(
      async () => (await client.status()).shards[0]?.workers.find(({ rssBytes }) => rssBytes),
      { what: 'a beat has come' },
    )
    expect(health.rssBytes).toBeGreaterThan(10_000_000)
    expect(health.loopLagMs).toBeGreaterThanOrEqual(0)
  })
})

describe('a subscription', () => {
  it('to workers gets their events, and none of what becomes of jobs', async () => {
    const events: PublishedEvent[] = []
    const pub = client.manager?.pub ?? ''
    const onEvent = (event: PublishedEvent) => events.push(event)
    const options = { addresses: [pub], onEvent, transport: company.network }
    const ofWorkers = await subscribe({ ...options, topics: ['worker.'] })
    await company.worker(Numbers, 0, numbersSite)
    await until(() => events.some(({ topic }) => topic === 'worker.available'), {
      what: 'a worker is announced',
    })
    await company.worker(Numbers, 1, numbersSite)
    const [id = ''] = await enqueued(1)
    await client.result(id)
    expect(events.every(({ topic }) => topic.startsWith('worker.'))).toBe(true)
    ofWorkers.close()
  })

  it('to what becomes of jobs gets that', async () => {
    const topics: string[] = []
    const pub = client.manager?.pub ?? ''
    const ofJobs = await subscribe({
      ...{ addresses: [pub], topics: ['job.done', 'phase.'], transport: company.network },
      onEvent: ({ topic }) => topics.push(topic),
    })
    await company.worker(Numbers, 0, numbersSite)
    await company.worker(Numbers, 1, numbersSite)
    await enqueued(1)
    await until(() => topics.includes('job.done'), { what: 'the job is done' })
    expect(topics).toEqual(['phase.done', 'phase.done', 'job.done'])
    ofJobs.close()
  })
})
