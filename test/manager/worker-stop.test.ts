/** A worker that is stopped while no manager is there to take what it has done. */
import { afterEach, expect, it } from 'vitest'
import { createLogger } from '../../src/runtime/logger.ts'
import { Happened } from '../transport/happened.ts'
import { ACompany, held, Numbers, numbersSite, type Run } from './a-company.ts'

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
