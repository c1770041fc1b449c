/** Clients that wait: what they are told without the store, and when the shard changes hands meanwhile. */
import { afterEach, expect, it, vi } from 'vitest'
import type { JobRecord } from '../../src/core/job.ts'
import { Waiters } from '../../src/manager/waiters.ts'
import { aJob } from '../../src/testing/storage/builders.ts'
import { Happened } from '../transport/happened.ts'

afterEach(() => vi.useRealTimers())

const written = () => Promise.resolve()

it('say nothing of a read that fails when the shard has been given up', async () => {
  const reads: { answer(jobs: readonly JobRecord[]): void; fail(error: Error): void }[] = []
  const errors: unknown[] = []
  const waiters = new Waiters({
    isOpen: () => false,
    written,
    getJobs: () => new Promise((answer, fail) => void reads.push({ answer, fail })),
    answer: () => undefined,
    onError: (error) => void errors.push(error),
  })
  const waiting = waiters.wait('peer', 1, { ids: ['job-1'], timeoutMs: 60_000 })
  reads[0]?.answer([aJob(1)])
  await waiting
  waiters.settled({ id: 'job-1', state: 'dead' })
  waiters.flush()
  expect(reads).toHaveLength(2)
  waiters.abandon()
  reads[1]?.fail(new Error('it does not answer'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(errors).toEqual([])
})

it('are told of a job that is done without a look into the store', async () => {
  const answers: unknown[] = []
  const waiters = new Waiters({
    isOpen: () => true,
    written,
    getJobs: () => expect.unreachable('the store was asked'),
    answer: (...answer) => void answers.push(answer),
    onError: (error) => expect.unreachable(String(error)),
  })
  await waiters.wait('one', 1, { ids: ['job-1', 'job-2'], timeoutMs: 60_000 })
  await waiters.wait('other', 2, { ids: ['job-2'], timeoutMs: 60_000 })
  const instructions = Uint8Array.of(0x80)
  for (const id of ['job-2', 'job-3', 'job-1']) waiters.settled({ id, state: 'done', instructions })
  expect(answers).toEqual([])
  waiters.flush()
  const done = (id: string) => ({ id, state: 'done', instructions })
  expect(answers).toEqual([
    ['one', 1, [done('job-2'), done('job-1')], true],
    ['other', 2, [done('job-2')], true],
  ])
})

it('are told of those that have settled before, and of the others when they do', async () => {
  const answers: unknown[] = []
  const asked: (readonly string[])[] = []
  const settled = { ...aJob(2), state: 'done' as const }
  const waiters = new Waiters({
    isOpen: (id) => id === 'job-1',
    written,
    getJobs: async (ids) => {
      asked.push(ids)
      return ids.includes('job-2') ? [settled] : []
    },
    answer: (_peer, _request, items, isLast) => {
      answers.push(...items.map(({ id, state }) => `${id} ${state}${isLast ? '.' : ''}`))
    },
    onError: (error) => expect.unreachable(String(error)),
  })
  await waiters.wait('one', 1, { ids: ['job-1', 'job-2', 'job-3'], timeoutMs: 60_000 })
  // One that is missing is looked for again once all that was decided is written.
  expect(asked).toEqual([['job-2', 'job-3'], ['job-3']])
  expect(answers).toEqual(['job-2 done', 'job-3 notFound'])
  waiters.settled({ id: 'job-1', state: 'done', instructions: Uint8Array.of(0x80) })
  waiters.flush()
  expect(answers.at(-1)).toBe('job-1 done.')
})

it('without any time to wait are told of what has settled, however long the store takes', async () => {
  vi.useFakeTimers()
  const answers: unknown[] = []
  const reads: ((jobs: readonly JobRecord[]) => void)[] = []
  const waiters = new Waiters({
    isOpen: (id) => id === 'job-1',
    written,
    getJobs: () => new Promise((answer) => void reads.push(answer)),
    answer: (_peer, _request, items, isLast) => {
      answers.push(...items.map(({ id, state }) => `${id} ${state}${isLast ? '.' : ''}`))
    },
    onError: (error) => expect.unreachable(String(error)),
  })
  const waiting = waiters.wait('one', 1, { ids: ['job-1', 'job-2'], timeoutMs: 0 })
  vi.advanceTimersByTime(1_000)
  expect(answers).toEqual([])
  reads[0]?.([{ ...aJob(2), state: 'done' }])
  await waiting
  vi.advanceTimersByTime(0)
  expect(answers).toEqual(['job-2 done', 'job-1 timedOut.'])
})

it('are told that a dead job is gone when it was discarded before it could be read', async () => {
  const told = new Happened<unknown>()
  const waiters = new Waiters({
    isOpen: () => true,
    written,
    getJobs: async () => [],
    answer: (_peer, _request, items) => {
      for (const item of items) told.note(item)
    },
    onError: (error) => expect.unreachable(String(error)),
  })
  await waiters.wait('one', 1, { ids: ['job-1'], timeoutMs: 60_000 })
  waiters.settled({ id: 'job-1', state: 'dead' })
  waiters.flush()
  expect(await told.times(1)).toEqual([{ id: 'job-1', state: 'notFound' }])
})
