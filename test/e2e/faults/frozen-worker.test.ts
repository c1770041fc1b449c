/** A worker that was frozen while its job went on elsewhere: what it brings when it wakes is refused. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../../wait.ts'
import { Bench, numbered } from '../processes.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(() => bench.close())

it('the late result of a frozen worker is stale, and changes nothing', async () => {
  bench.manager()
  const frozen = bench.worker('work')
  const client = await bench.client()
  await bench.workersReady(client, { work: 1 })
  // It computes: awake again it ends before it can hear that its manager has given the run up, which has no result.
  const [answer] = await client.enqueueJobs(numbered(1, { spinMs: 1_500 }))
  const id = answer?.job.id ?? ''
  await until(() => bench.entries().length === 1, { what: 'the job runs' })
  frozen.kill('SIGSTOP')

  const other = bench.worker('work')
  const isElsewhere = async () => (await client.getJob(id)).job.phaseIndex === 1
  await until(isElsewhere, { what: 'another worker has ended it', timeoutMs: 40_000 })
  expect(bench.entries().map(({ pid }) => pid)).toEqual([frozen.pid, other.pid])
  const record = async () => {
    const { job, attempts, instructions } = await client.getJob(id)
    return { job, attempts, instructions: Buffer.from(instructions).toString('hex') }
  }
  const before = await record()

  frozen.kill('SIGCONT')
  // It may come twice: by itself, and again as the answer to the manager's new connection.
  const stale = async () => (await client.status()).shards[0]?.counters.stale ?? 0
  await until(async () => (await stale()) >= 1, { what: 'it is stale', timeoutMs: 20_000 })
  expect(await stale()).toBeLessThanOrEqual(2)
  expect(await record()).toEqual(before)
}, 90_000)
