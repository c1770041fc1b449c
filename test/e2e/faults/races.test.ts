/** Orders of people meet results, and each other, in real processes: of two, exactly one wins. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench, kill, numbered } from '../processes.ts'

let bench: Bench
let client: PipelineClient

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

async function aPipeline() {
  const manager = bench.manager()
  bench.worker('work', ['--concurrency', '20'])
  bench.worker('finish', ['--concurrency', '20'])
  client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  return manager
}

const runs = () => bench.entries().filter(({ phase }) => phase === 'work')

async function settledNow() {
  return (await client.status()).shards[0]?.settled
}

async function expectCleanAudit(): Promise<void> {
  expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
}

describe('a cancel', () => {
  it('that races with results wins or loses each job as a whole', async () => {
    await aPipeline()
    // They end one after the other while the cancels are under way.
    const jobs = Array.from({ length: 60 }, (_, n) => numbered(1, { ms: 10 * n })).flat()
    const answers = await client.enqueueJobs(jobs)
    await until(async () => ((await settledNow())?.done ?? 0) >= 10, { what: 'some are done' })
    const ids = answers.map(({ job }) => job.id)
    const outcomes = await Promise.all(ids.map((id) => client.cancelJob(id)))
    await bench.settled(client, 60)

    const counts = { cancelled: 0, settled: 0 }
    for (const [index, id] of ids.entries()) {
      const { job } = await client.getJob(id)
      const outcome = outcomes[index]
      expect([outcome, job.state]).toEqual(
        outcome === 'cancelled' ? ['cancelled', 'cancelled'] : ['settled', 'done'],
      )
      counts[outcome === 'cancelled' ? 'cancelled' : 'settled'] += 1
    }
    expect(counts.cancelled).toBeGreaterThan(0)
    expect(counts.settled).toBeGreaterThan(0)
    const { cancelled, settled: done } = counts
    expect(await settledNow()).toEqual({ done, dead: 0, cancelled })
    await expectCleanAudit()
  })

  it('that was answered holds, though the manager dies and the result comes after it', async () => {
    const manager = await aPipeline()
    const gate = join(bench.folder, 'gate')
    const [answer] = await client.enqueueJobs(numbered(1, { waitsFor: gate, does: 'lingers' }))
    const id = answer?.job.id ?? ''
    await until(() => runs().length === 1, { what: 'the job runs' })
    expect(await client.cancelJob(id)).toBe('cancelled')
    await kill(manager)
    writeFileSync(gate, '')
    bench.manager()
    await bench.workersReady(client, { work: 1, finish: 1 })
    await client.enqueueJobs(numbered(20))
    await bench.settled(client, 21)
    expect(await settledNow()).toEqual({ done: 20, dead: 0, cancelled: 1 })
    expect((await client.getJob(id)).job.state).toBe('cancelled')
    await expectCleanAudit()
  })
})

describe('a redrive', () => {
  it('that races with a discard and another redrive is answered to one of them for each job', async () => {
    await aPipeline()
    const mended = join(bench.folder, 'mended')
    const answers = await client.enqueueJobs(numbered(30, { needs: mended }))
    const ids = answers.map(({ job }) => job.id)
    await bench.settled(client, 30)
    writeFileSync(mended, '')
    const [one, other] = [await bench.client(), await bench.client()]
    const half = ids.slice(0, 15)
    const [first, second, discarded] = await Promise.all([
      one.redriveJobs(ids),
      other.redriveJobs(ids),
      client.discardJobs(half),
    ])
    const won = [...first, ...second, ...discarded].flatMap(({ id, outcome }) =>
      outcome === 'redriven' || outcome === 'discarded' ? [id] : [],
    )
    expect(won.toSorted()).toEqual(ids.toSorted())
    const gone = discarded.filter(({ outcome }) => outcome === 'discarded').length
    const settled = { done: 30 - gone, dead: 0, cancelled: 0 }
    await until(async () => (await settledNow())?.done === settled.done, {
      what: 'what was redriven is done',
      timeoutMs: 20_000,
    })
    expect(await settledNow()).toEqual(settled)
    // Two attempts that failed, and one that did not.
    for (const id of ids.slice(15)) {
      const work = runs().filter(({ jobId }) => jobId === id)
      expect(work.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    }
    await expectCleanAudit()
  })
})

describe('a pause', () => {
  it('amid results lets them in, grants nothing new, and resume repeats nothing', async () => {
    await aPipeline()
    await client.enqueueJobs(numbered(300, { ms: 20 }))
    await until(() => runs().length >= 40, { what: 'they are under way' })
    await client.pause()
    await until(
      async () => (await client.status()).shards[0]?.phases.every(({ running }) => running === 0),
      { what: 'what ran has ended' },
    )
    const before = bench.entries().length
    expect(before).toBeLessThan(600)
    await client.enqueueJobs(numbered(1))
    expect(bench.entries()).toHaveLength(before)
    await client.resume()
    await bench.settled(client, 301)
    expect(await settledNow()).toEqual({ done: 301, dead: 0, cancelled: 0 })
    expect(bench.entries()).toHaveLength(602)
    await expectCleanAudit()
  })
})
