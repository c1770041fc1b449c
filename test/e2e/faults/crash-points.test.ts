/**
 * A manager or a worker dies at the worst points of its work. What must be true afterwards is read from the
 * records, from the ledger that the phases write, and from an audit of the two together.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench, numbered } from '../processes.ts'
import { crashed, crashingManager, crashingWorker } from './crashing.ts'

let bench: Bench
let gate: string

beforeEach(async () => {
  bench = await Bench.open()
  gate = join(bench.folder, 'gate')
})

afterEach(async () => {
  await bench.close()
})

/** All are done, each phase of each recorded once; and the audit finds nothing. */
async function expectAllDone(client: PipelineClient, count: number): Promise<void> {
  await bench.settled(client, count)
  const [shard] = (await client.status()).shards
  expect(shard?.settled).toEqual({ done: count, dead: 0, cancelled: 0 })
  const { jobs } = await client.listJobs({ state: 'done' })
  expect(jobs).toHaveLength(count)
  for (const { id } of jobs) {
    const { attempts } = await client.getJob(id)
    const done = attempts.filter(({ outcome }) => outcome === 'done')
    expect(done.map(({ phase }) => phase)).toEqual([0, 1])
  }
  await expectCleanAudit()
}

async function expectCleanAudit(): Promise<void> {
  expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
}

/** No phase of any job has been run twice. */
function expectNothingRepeated(): void {
  const keys = bench.entries().map(({ key }) => key)
  expect(keys).toHaveLength(new Set(keys).size)
}

const runsOf = (phase: string) => bench.entries().filter((entry) => entry.phase === phase)

describe('a manager that dies amid an enqueue', () => {
  /** Three jobs are enqueued once; their client asks again by itself. */
  async function enqueueAmidDeath(point: Parameters<typeof crashingManager>[1]) {
    const manager = crashingManager(bench, point)
    const client = await bench.client()
    const answers = client.enqueueJobs(numbered(3))
    await crashed(manager)
    bench.manager()
    bench.worker('work')
    bench.worker('finish')
    return { client, answers: await answers }
  }

  it('before the commit has told nobody, and the client that asks again is stored', async () => {
    const { client, answers } = await enqueueAmidDeath('manager.beforeCommit:1')
    expect(answers.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored'])
    await expectAllDone(client, 3)
    expectNothingRepeated()
  })

  it('after the commit has kept it, and the client that asks again hears of a duplicate', async () => {
    const { client, answers } = await enqueueAmidDeath('manager.afterCommit:1')
    expect(answers.map(({ ok, outcome }) => [ok, outcome])).toEqual([
      [true, 'duplicate'],
      [true, 'duplicate'],
      [true, 'duplicate'],
    ])
    await expectAllDone(client, 3)
    expectNothingRepeated()
  })
})

describe('a manager that dies amid results, and is started again on the same ports', () => {
  /** Four jobs run and wait for the gate, four for one that opens after the crash. */
  async function eightJobsRun(manager: ReturnType<typeof crashingManager>) {
    bench.worker('work', ['--concurrency', '8'])
    bench.worker('finish', ['--concurrency', '8'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const late = join(bench.folder, 'late')
    const jobs = [...numbered(4, { waitsFor: gate }), ...numbered(4, { waitsFor: late })]
    const answers = await client.enqueueJobs(jobs)
    expect(answers.every(({ ok, acknowledged }) => ok && acknowledged)).toBe(true)
    await until(() => runsOf('work').length === 8, { what: 'eight jobs run' })
    writeFileSync(gate, '')
    await crashed(manager)
    bench.manager()
    return { client, late }
  }

  it('with results on their way applies each once, and adopts the jobs that run on', async () => {
    const manager = crashingManager(bench, 'manager.resultsReceived:1')
    const { client, late } = await eightJobsRun(manager)
    const shardOf = async () => (await client.status()).shards[0]
    await until(async () => (await shardOf())?.settled.done === 4, {
      what: 'the results have arrived at the new manager',
      timeoutMs: 20_000,
    })
    await until(async () => (await shardOf())?.rollCallOpen === false, {
      what: 'the roll is called',
    })
    expect((await shardOf())?.phases[0]?.running).toBe(4)
    writeFileSync(late, '')
    await expectAllDone(client, 8)
    expectNothingRepeated()
    const counters = (await shardOf())?.counters
    expect(counters?.adopted).toBeGreaterThanOrEqual(4)
    expect(counters).toMatchObject({ released: 0, stale: 0, retried: 0 })
  })

  it('before it has committed results gets them again, and applies each once', async () => {
    const manager = crashingManager(bench, 'manager.beforeCommit:2')
    const { client, late } = await eightJobsRun(manager)
    writeFileSync(late, '')
    await expectAllDone(client, 8)
    expectNothingRepeated()
  })

  it('after the commit of results, unanswered, says duplicate when they come again', async () => {
    const manager = crashingManager(bench, 'manager.afterCommit:2')
    const { client, late } = await eightJobsRun(manager)
    writeFileSync(late, '')
    await expectAllDone(client, 8)
    expectNothingRepeated()
    const counters = (await client.status()).shards[0]?.counters
    expect(counters?.duplicate).toBeGreaterThanOrEqual(1)
    expect(counters?.stale).toBe(0)
  })
})

describe('a worker that dies with a job', () => {
  it.each([
    // How often its phase has been run, with the run of the worker that comes after it.
    ['before its start', 'worker.beforeStart:1', [1]],
    ['while it runs', 'worker.running:1', [2]],
    ['after its effect, before the result,', 'worker.afterRun:1', [2]],
    // The network may have had the result already, or may not.
    ['when the result is sent, unanswered,', 'worker.resultsSent:1', [1, 2]],
  ] as const)('%s leaves it to the next one, uncharged, and one result counts', async (...row) => {
    const [, at, counts] = row
    bench.manager()
    bench.worker('finish')
    const victim = crashingWorker(bench, 'work', at)
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const [answer] = await client.enqueueJobs(numbered(1))
    await crashed(victim)
    bench.worker('work')
    await expectAllDone(client, 1)

    const runs = runsOf('work')
    expect(counts).toContain(runs.length)
    expect(new Set(runs.map(({ key }) => key)).size).toBe(1)
    const fences = runs.map(({ fence }) => fence)
    expect(fences).toEqual([...new Set(fences)].toSorted())
    // Nobody has paid for it: the second run is the first attempt again.
    expect(runs.every(({ attempt }) => attempt === 1)).toBe(true)
    const { attempts } = await client.getJob(answer?.job.id ?? '')
    expect(attempts.every(({ attempt }) => attempt === 1)).toBe(true)
  })
})
