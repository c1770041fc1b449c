/** What retention removes, and what it leaves. */
import assert from 'node:assert/strict'
import type { JobRecord } from '../../core/job.ts'
import { aJob, at, completion, death, listAll, Owner, shard, startMs } from './builders.ts'
import type { Tests } from './harness.ts'

const idsOf = (jobs: readonly JobRecord[]): string[] => jobs.map(({ id }) => id)

const policy = {
  nowMs: startMs + 10_000,
  ...{ settledKeepMs: 1_000, settledKeepJobs: 1_000, deadKeepMs: 5_000 },
}

/** `prune`. */
export function testRetention({ test }: Tests): void {
  test('old settled jobs go, unsettled ones never do', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(...[1, 2, 3, 4, 5, 6].map((n) => aJob(n)))
    await owner.insert(aJob(7, { state: 'scheduled', dueMs: 1, enqueuedMs: 1 }))
    await owner.insert(aJob(8, { enqueuedMs: 1 }))
    await owner.commit(
      completion(aJob(1), startMs + 8_999),
      completion(aJob(2), startMs + 9_000),
      death(aJob(3), 'x', startMs + 4_999),
      death(aJob(4), 'x', startMs + 5_000),
      {
        type: 'settle',
        ...{ job: at(aJob(5)), state: 'cancelled', endedMs: 1, attempts: 0, crashes: 0 },
      },
    )
    assert.equal(await store.prune(shard, policy, 100), 3)
    assert.deepEqual(idsOf(await listAll(store)), ['job-8', 'job-7', 'job-6', 'job-4', 'job-2'])
    assert.equal(await store.prune(shard, policy, 100), 0)
  })

  test('what has gone has left nothing behind, and its id may come again', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2))
    await owner.commit(completion(aJob(1)), death(aJob(2), 'x'))
    assert.equal(await store.prune(shard, policy, 100), 2)
    assert.deepEqual(await store.getJobs(shard, ['job-1', 'job-2']), [])
    assert.deepEqual(await store.listAttempts(shard, 'job-2'), [])
    const { settled, lastSequence } = await store.summarise(shard)
    const none = { done: 0, dead: 0, cancelled: 0 }
    assert.deepEqual({ settled, lastSequence }, { settled: none, lastSequence: 2 })
    assert.deepEqual(await store.countJobs(shard, {}), { count: 0, more: false })
    await owner.insert(aJob(3, { id: 'job-1' }), aJob(4, { id: 'job-2' }))
    assert.deepEqual(await store.listAttempts(shard, 'job-2'), [])
  })
}

/** How much `prune` removes. */
export function testRetentionLimits({ test }: Tests): void {
  test('a limit is for dead, done and cancelled jobs together; of 0 it removes none', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(...[1, 2, 3, 4].map((n) => aJob(n)))
    await owner.commit(
      ...[death(aJob(1), 'x'), death(aJob(2), 'x'), completion(aJob(3)), completion(aJob(4))],
    )
    assert.equal(await store.prune(shard, policy, 0), 0)
    assert.equal(await store.prune(shard, policy, 2), 2)
    assert.deepEqual(idsOf(await listAll(store)), ['job-4', 'job-3'])
    assert.equal(await store.prune(shard, policy, 1), 1)
    assert.deepEqual(idsOf(await listAll(store)), ['job-4'])
  })

  test('no more than the limit goes at a time, oldest first', async (store) => {
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 10 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs)
    await owner.commit(...jobs.map((job) => completion(job, startMs + 100 - job.sequence)))
    assert.equal(await store.prune(shard, policy, 4), 4)
    assert.deepEqual(idsOf(await listAll(store)), idsOf(jobs.slice(0, 6).toReversed()))
    assert.equal(await store.prune(shard, policy, 100), 6)
  })

  test('beyond the number kept, the oldest done and cancelled jobs go', async (store) => {
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 10 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs, aJob(11), aJob(12))
    const young = policy.nowMs - 10
    await owner.commit(
      ...jobs.map((job) => completion(job, young)),
      death(aJob(11), 'x', young - 5),
    )
    const keepFour = { ...policy, settledKeepJobs: 4 }
    assert.equal(await store.prune(shard, keepFour, 100), 6)
    await owner.commit(completion(aJob(12), young + 1))
    assert.equal(await store.prune(shard, keepFour, 100), 1)
    const kept = ['job-12', 'job-11', 'job-10', 'job-9', 'job-8']
    assert.deepEqual(idsOf(await listAll(store)), kept)
  })
}
