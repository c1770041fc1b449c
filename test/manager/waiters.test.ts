/** Clients that wait, when the shard changes hands while the store is asked for them. */
import { expect, it } from 'vitest'
import type { JobRecord } from '../../src/core/job.ts'
import { Waiters } from '../../src/manager/waiters.ts'
import { aJob } from '../../src/testing/storage/builders.ts'

it('say nothing of a read that fails when the shard has been given up', async () => {
  const reads: { answer(jobs: readonly JobRecord[]): void; fail(error: Error): void }[] = []
  const errors: unknown[] = []
  const waiters = new Waiters({
    getJobs: () => new Promise((answer, fail) => void reads.push({ answer, fail })),
    answer: () => undefined,
    onError: (error) => void errors.push(error),
  })
  const waiting = waiters.wait('peer', 1, { ids: ['job-1'], timeoutMs: 60_000 })
  reads[0]?.answer([aJob(1)])
  await waiting
  waiters.settled('job-1')
  waiters.flush()
  expect(reads).toHaveLength(2)
  waiters.abandon()
  reads[1]?.fail(new Error('it does not answer'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(errors).toEqual([])
})
