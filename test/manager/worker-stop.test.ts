/** A worker that is stopped while no manager is there to take what it has done. */
import { afterEach, expect, it } from 'vitest'
import { createLogger } from '../../src/runtime/logger.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'
import { chain } from '../../src/pipeline/chain.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { ACompany, held, Numbers, numbersSite, type Run } from './a-company.ts'

const begun = new Happened<{ end(): void }>()

/** Does not heed its abort. */
class Stubborn extends Phase {
  readonly jobType = 'stubborn'
  execute() {
    return new Promise<void>((end) => begun.note({ end }))
  }
}

class Slow extends Pipeline {
  readonly name = 'numbers'
  readonly phases = chain(Stubborn)
}

const company = new ACompany()
afterEach(() => company.close())

it('says how many results it gives up', async () => {
  const warned: unknown[] = []
  const logger = createLogger({
    write: (level, message, fields) =>
      void (level === 'warn' && warned.push({ message, ...fields })),
  })
  const runs = new Happened<Run>()
  held.runs = runs
  const manager = await company.manager(Numbers, numbersSite)
  await company.worker(Numbers, 0, numbersSite)
  const { worker } = await company.worker(Numbers, 1, { ...numbersSite, logger })
  const client = await company.client(numbersSite)
  const jobs = [1, 2].map((n) => ({ name: 'numbers', instructions: { n } }) as const)
  await client.enqueueJobs(jobs)
  const begun = await runs.times(2)
  await manager.stop()
  for (const { goOn } of begun) goOn()
  await worker.stop()
  expect(warned).toContainEqual({
    message: 'stopped with results that no manager has taken: those phases run again',
    results: 2,
  })
})

it('waits for a run that is slow to heed its abort, and keeps what it achieves', async () => {
  const manager = await company.manager(Slow, numbersSite)
  const { worker } = await company.worker(Slow, 0, numbersSite)
  const client = await company.client(numbersSite)
  await client.enqueueJobs([{ name: 'numbers', id: 'job', instructions: { n: 1 } }])
  const [run] = await begun.times(1)
  const stopping = worker.stop()
  // Longer than it waits for answers when nothing runs.
  const abortedMs = performance.now()
  await until(() => performance.now() - abortedMs > 2_500, { what: 'the run takes its time' })
  run?.end()
  await stopping
  expect(manager.status().shards[0]).toMatchObject({
    settled: { done: 1, dead: 0 },
    counters: { released: 0, retried: 0 },
  })
})
