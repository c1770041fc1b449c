/** A pipeline on a store of one's own, started by the real command line: its manager dies, its jobs do not. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { until } from '../wait.ts'
import { Bench, kill } from './processes.ts'

const file = fileURLToPath(new URL('../../examples/own-backend/pipeline.ts', import.meta.url))

it('kill -9 of a manager on a store of one’s own loses none of its jobs', async () => {
  await using bench = await Bench.open()
  const manager = bench.manager(file)
  const links = ['--push-connect', bench.pull, '--pub-connect', bench.address(2)]
  bench.start(['phase', file, 'count-letters', ...links, '--concurrency', '4'])
  const client = await bench.client()
  await bench.workersReady(client, { 'count-letters': 1 })

  const jobs = Array.from({ length: 400 }, (_, n) => ({
    name: 'letters' as never,
    instructions: { word: 'x'.repeat(n % 9), ms: 10 } as never,
  }))
  const answers = await client.enqueueJobs(jobs)
  expect(answers.every(({ ok, acknowledged }) => ok && acknowledged)).toBe(true)
  await bench.settled(client, 20)
  await kill(manager)
  const next = bench.manager(file)
  await bench.settled(client, 400)

  const status = await client.status()
  expect(status.shards[0]?.settled).toEqual({ done: 400, dead: 0, cancelled: 0 })
  const { job, attempts } = await client.getJob(answers[399]?.job.id ?? '')
  expect(job.state).toBe('done')
  expect(attempts.at(-1)).toMatchObject({ outcome: 'done', phase: 0 })

  // While one has the folder, another manager is refused; the one that stops leaves it free.
  const folder = join(bench.folder, '.carbontube', 'letters.lmdb')
  const doors = ['--pull-bind', bench.address(3), '--sub-bind', 'tcp://127.0.0.1:*']
  const second = await bench.run(['pipeline', file, ...doors])
  expect(second.code).not.toBe(0)
  expect(second.stderr).toContain('CT_STORE_HELD')
  next.kill('SIGTERM')
  await until(() => !existsSync(join(folder, 'owner')), {
    what: 'the folder is free',
    timeoutMs: 20_000,
  })
}, 120_000)
