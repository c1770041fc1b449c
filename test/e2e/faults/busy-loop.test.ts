/**
 * A phase that computes without a pause, so that its worker's loop stands still: nothing runs twice, nothing
 * is charged, and people see what it is. 15 s here; `npm run busy -- --seconds 120` takes longer.
 */
import { expect, it } from 'vitest'
import { until } from '../../wait.ts'
import { Bench, numbered } from '../processes.ts'

const seconds = Number(process.env['BUSY_SECONDS'] ?? 15)

async function computeWithoutPause(bench: Bench): Promise<void> {
  bench.manager()
  const first = bench.worker('work')
  bench.worker('finish')
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const jobs = numbered(1, { spinMs: seconds * 1_000 })
  const [enqueued] = await client.enqueueJobs(jobs)
  const id = enqueued?.job.id ?? ''
  const runs = () => bench.entries().filter(({ phase, jobId }) => phase === 'work' && jobId === id)
  await until(() => runs().length === 1, { what: 'the job runs' })
  // Somebody else could take it.
  bench.worker('work')
  await bench.workersReady(client, { work: 1 })

  const busy = async () =>
    (await client.status()).shards[0]?.workers.find(({ state }) => state === 'busyLoop')
  await until(busy, { what: 'the busy loop is seen', timeoutMs: 10_000 })
  const { stdout } = await bench.run(['workers', 'list', bench.pull])
  expect(stdout).toContain('busy loop')
  expect((await client.getJob(id)).job).toMatchObject({ state: 'running', attempts: 0 })
  await client.enqueueJobs(numbered(20))
  await bench.settled(client, 20)

  await until(async () => (await client.getJob(id)).job.state === 'done', {
    what: 'the result is applied',
    timeoutMs: (seconds + 10) * 1_000,
  })
  expect(runs().map(({ pid }) => pid)).toEqual([first.pid])
  const { attempts } = await client.getJob(id)
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['done', 'done'])
  await bench.workersReady(client, { work: 2, finish: 1 })
}

it(
  `a job that computes for ${seconds} s in one go is run once, charged nothing, and its result applied`,
  async () => {
    const bench = await Bench.open()
    try {
      await computeWithoutPause(bench)
    } finally {
      await bench.close()
    }
  },
  (seconds + 60) * 1_000,
)
