/** What is there after a crash, and with many jobs. */
import assert from 'node:assert/strict'
import type { JobRecord } from '../../core/job.ts'
import { countExactMax, type Storage } from '../../storage/contract.ts'
import { aFailure, aJob, anAttempt, at, bytes, completion, death } from './builders.ts'
import { inserts, Owner, shard, snapshot } from './builders.ts'
import { suitePipeline, type StorageHarness, type Tests } from './harness.ts'

/** `open`, `close`, `info`, `registerPipeline`. */
export function testLife({ test, harness }: Tests): void {
  test('declares its capabilities, and describes itself', async (store) => {
    const { capabilities, description, schemaVersion } = store.info()
    assert.deepEqual(capabilities, harness.capabilities)
    assert.ok(description.length > 0)
    assert.ok(schemaVersion >= 1)
  })

  test('opens and closes twice without harm', async (store) => {
    await store.open()
    await store.close()
    await store.close()
  })

  test('a pipeline is registered again and again', async (store) => {
    assert.equal(await store.shardsOf(suitePipeline), 0)
    if (store.jobTypesOf !== undefined) {
      assert.deepEqual(await store.jobTypesOf(suitePipeline), [])
    }
    const record = { name: suitePipeline, jobTypes: ['resize', 'upload'], shards: 4 }
    const shards = await store.registerPipeline({ ...record, nowMs: 1 })
    assert.equal(shards, harness.capabilities.shared ? 4 : 1)
    assert.equal(await store.shardsOf(suitePipeline), shards)
    const others = { jobTypes: ['resize'], shards: 7, nowMs: 2 }
    if (store.jobTypesOf !== undefined) {
      assert.deepEqual(await store.jobTypesOf(suitePipeline), record.jobTypes)
    }
    assert.equal(await store.registerPipeline({ ...record, ...others }), shards)
    if (store.jobTypesOf !== undefined) {
      assert.deepEqual(await store.jobTypesOf(suitePipeline), others.jobTypes)
    }
  })
}

/** What was acknowledged is there after a crash. */
export function testReopen({ testIf, harness }: Tests): void {
  const { capabilities } = harness
  const met = capabilities.persistent && harness.reopen !== undefined
  const because = capabilities.persistent
    ? 'the harness has no reopen()'
    : 'this store forgets everything when it is closed'
  const needs = { capability: 'persistent', met, because } as const

  testIf(needs, 'everything that was acknowledged is there after a crash', async (store) => {
    const owner = await Owner.of(store)
    const { instructions } = aJob(1)
    await owner.insert(aJob(1), aJob(2), aJob(3), aJob(4), aJob(5, { priority: 4 }))
    const ended = anAttempt()
    const failure = { attempts: 1, crashes: 0, ended: aFailure('x') }
    await owner.commit(
      { type: 'advance', job: at(aJob(1)), toPhase: 1, readyMs: 9, instructions, ended },
      { type: 'retry', job: at(aJob(2)), dueMs: 99, ...failure },
      completion(aJob(3)),
      death(aJob(4), 'x'),
      { type: 'pause', phase: 1 },
    )
    const before = await snapshot(store)
    assert.deepEqual(await snapshot(await crashed(harness)), before)
  })

  testIf(needs, 'a group whose answer got lost in the crash is applied once', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    const twin = aJob(3, { id: 'job-1', checksum: aJob(1).checksum })
    const group = { id: 'group-x', number: 2, mutations: inserts([aJob(2), twin]) }
    const answer = await store.commit(shard, owner.epoch, group)
    const again = await crashed(harness)
    assert.deepEqual(await again.commit(shard, owner.epoch, group), answer)
    assert.equal((await again.summarise(shard)).lastSequence, 2)
  })

  testIf(needs, 'the epoch grows over a crash, which the next owner is told', async (store) => {
    const first = await store.acquire(shard, 'first', 1)
    assert.ok(first.outcome === 'acquired')
    harness.advanceClock?.(2)
    const again = await crashed(harness)
    let second = await again.acquire(shard, 'second', 60_000)
    while (second.outcome === 'held') second = await again.acquire(shard, 'second', 60_000)
    assert.ok(second.epoch > first.epoch)
    assert.equal(second.uncleanStop, true)
  })
}

async function crashed(harness: StorageHarness): Promise<Storage> {
  const again = await harness.reopen?.()
  assert.ok(again !== undefined)
  return again
}

const many = 100_000

/** Large groups; 100,000 jobs: exact counts up to a bound, and refills that return each job once. */
export function testMany({ test }: Tests): void {
  test('a group may have 5,000 jobs', async (store) => {
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 5_000 }, (_, index) => aJob(index + 1))
    await owner.commit(...inserts(jobs))
    await owner.commit(...jobs.map((job) => completion(job)))
    const { settled, lastSequence } = await store.summarise(shard)
    assert.deepEqual(
      { settled, lastSequence },
      { settled: { done: 5_000, dead: 0, cancelled: 0 }, lastSequence: 5_000 },
    )
  })

  test(`${many} jobs are refilled in order, each once, while phases move on`, async (store) => {
    const owner = await Owner.of(store)
    const instructions = bytes('{"source":"video.mp4"}')
    const jobs = Array.from({ length: many }, (_, index) =>
      aJob(index + 1, { instructions, priority: index % 3 }),
    )
    await owner.insert(...jobs)
    let loaded = 0
    let last: JobRecord | undefined
    for (;;) {
      const after = last === undefined ? {} : { after: last }
      const page = await store.loadReady(shard, { phase: 0, limit: 5_000, ...after })
      if (page.length === 0) break
      for (const job of page) {
        assert.ok(last === undefined || comesAfter(job, last))
        last = job
      }
      loaded += page.length
      assert.ok(loaded <= many)
      await owner.commit(
        ...page.map((job) => ({
          type: 'advance' as const,
          ...{ job: at(job), toPhase: 1, readyMs: 9, instructions, ended: anAttempt() },
        })),
      )
    }
    assert.equal(loaded, many)
    const { phases, lastSequence } = await store.summarise(shard)
    assert.deepEqual(phases, [{ phase: 1, ready: many, scheduled: 0 }])
    assert.equal(lastSequence, many)
  })

  test('counts are exact up to their bound and say when there are more', async (store) => {
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: countExactMax + 1 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs.slice(0, countExactMax))
    const exact = { count: countExactMax, more: false }
    assert.deepEqual(await store.countJobs(shard, {}), exact)
    await owner.insert(...jobs.slice(countExactMax))
    assert.deepEqual(await store.countJobs(shard, {}), { ...exact, more: true })
    const ready = await store.countJobs(shard, { state: 'ready' })
    assert.deepEqual(ready, { ...exact, more: true })
    assert.deepEqual(await store.countJobs(shard, { state: 'dead' }), { count: 0, more: false })
  })
}

function comesAfter(job: JobRecord, before: JobRecord): boolean {
  if (job.priority !== before.priority) return job.priority < before.priority
  return job.sequence > before.sequence
}
