/** A run that ignores its abort keeps its slot: its job's fate is settled, and its worker ends to be started again. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../../wait.ts'
import { Bench } from '../processes.ts'

const file = fileURLToPath(new URL('stuck-pipeline.mjs', import.meta.url))
const toBeStartedAgain = 9

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(() => bench.close())

it('a worker with a stuck slot finishes what else runs, says so, and ends with a code of its own', async () => {
  bench.manager(file)
  const links = ['--push-connect', bench.pull, '--pub-connect', bench.address(2)]
  const worker = bench.start(['phase', file, 'deaf', '--concurrency', '2', ...links])
  let errors = ''
  worker.stderr?.on('data', (text: Buffer) => (errors += text.toString()))
  const ended = once(worker, 'exit')
  const client = await bench.client()
  await bench.workersReady(client, { deaf: 1 })
  const [deaf] = await client.enqueueJobs([
    { name: 'stuck' as never, instructions: { deaf: true } as never },
  ])
  await client.enqueueJobs([{ name: 'stuck' as never, instructions: {} as never }])

  const [code] = (await ended) as [number]
  expect(code).toBe(toBeStartedAgain)
  expect(errors).toContain('CT_STUCK_RUN')
  await until(async () => (await client.getJob(deaf?.job.id ?? '')).job.state === 'dead', {
    what: 'the job is dead',
  })
  const { attempts } = await client.getJob(deaf?.job.id ?? '')
  expect(attempts.map(({ error }) => error?.kind)).toEqual(['timedOut'])
  expect((await client.status()).shards[0]?.settled).toEqual({ done: 1, dead: 1, cancelled: 0 })
}, 60_000)
