/** Jobs that back off: how many of them are in memory, and how large they may be together. */
import { expect, it } from 'vitest'
import { jobOf } from '../../src/core/job.ts'
import { ScheduledJobs } from '../../src/core/scheduled-jobs.ts'
import { aJobRecord } from './a-job.ts'

function aScheduledJob(sequence: number, bytes: number) {
  const instructions = new Uint8Array(bytes)
  const due = { state: 'scheduled', dueMs: 1_000 + sequence } as const
  return jobOf(aJobRecord(`job-${sequence}`, { sequence, instructions, ...due }))
}

it('scheduled jobs that are large stay in the store, and come when there is room again', () => {
  const scheduled = new ScheduledJobs({ jobs: 10, bytes: 100 }, undefined)
  expect([1, 2, 3].map((n) => scheduled.enter(aScheduledJob(n, 60)))).toEqual([true, true, false])
  expect(scheduled.wantsLoad(1_002)).toBeUndefined()
  expect(scheduled.wantsLoad(1_003)).toEqual({ after: undefined })
  expect(scheduled.takeDue(1_001)?.sequence).toBe(1)
  expect(scheduled.enter(aScheduledJob(4, 60))).toBe(true)
  expect(scheduled.enter(aScheduledJob(5, 0))).toBe(false)
  scheduled.leave(aScheduledJob(4, 60))
  expect(scheduled.enter(aScheduledJob(6, 60))).toBe(true)
})

it('scheduled jobs that are cancelled keep few places, however late they are due', () => {
  const scheduled = new ScheduledJobs({ jobs: 10, bytes: 100 }, undefined)
  const first = aScheduledJob(0, 10)
  scheduled.enter(first)
  for (let sequence = 1; sequence < 5_000; sequence++) {
    const job = aScheduledJob(sequence, 10)
    scheduled.enter(job)
    scheduled.leave(job)
    job.state = 'cancelled'
    scheduled.sweep()
    expect(scheduled.entries).toBeLessThan(1_010)
  }
  expect(scheduled.takeDue(10_000)).toBe(first)
  expect(scheduled.takeDue(10_000)).toBeUndefined()
})
