/** What a group as a whole promises: all or nothing, once, and by the owner only. */
import assert from 'node:assert/strict'
import type { Mutation } from '../../core/mutation.ts'
import type { AcquireAnswer, Storage } from '../../storage/contract.ts'
import { aFailure, aJob, anAttempt, at, completion, death, inserts } from './builders.ts'
import { Owner, refuses, shard, snapshot, startMs } from './builders.ts'
import type { StorageHarness, Tests } from './harness.ts'

/** The same group again. */
export function testRepeats({ test }: Tests): void {
  test('gets the same answer and changes nothing', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2))
    const twin = aJob(4, { id: 'job-1', checksum: aJob(1).checksum })
    const rival = aJob(5, { id: 'job-2', checksum: 1 })
    const mutations = [...inserts([aJob(3), twin, rival]), completion(aJob(2))]
    const group = { id: 'group-x', number: 7, mutations }
    const first = await store.commit(shard, owner.epoch, group)
    assert.deepEqual(
      first.inserts.map(({ outcome }) => outcome),
      ['stored', 'duplicate', 'conflict'],
    )
    const before = await snapshot(store)
    assert.deepEqual(await store.commit(shard, owner.epoch, group), first)
    assert.deepEqual(await snapshot(store), before)
  })

  test('is refused when a newer owner has come in between', async (store) => {
    const owner = await Owner.of(store)
    const group = { id: 'group-x', number: 1, mutations: inserts([aJob(1)]) }
    await store.commit(shard, owner.epoch, group)
    await store.release(shard, owner.epoch)
    await Owner.of(store, shard, 'second')
    await refuses('CT_FENCED', store.commit(shard, owner.epoch, group))
  })
}

/** Mutations that do not fit jobs 1 (ready, phase 1), 2 (dead) and 3 (done). */
function misfits(): Record<string, Mutation> {
  const ready = aJob(1, { phase: 1 })
  const dead = aJob(2)
  const done = aJob(3)
  const ended = anAttempt()
  const { instructions } = ready
  const counts = { attempts: 1, crashes: 0 }
  const advance = { type: 'advance', toPhase: 2, readyMs: 1, instructions, ended } as const
  const running = { token: 't', worker: 'w', incarnation: 'i', address: 'a', sinceMs: 1 }
  return {
    'advance from an earlier phase': { ...advance, job: at(ready, 0) },
    'advance of another sequence': { ...advance, job: { ...at(ready), sequence: 99 } },
    'advance of another id': { ...advance, job: { ...at(ready), id: 'job-9' } },
    'advance of a dead job': { ...advance, job: at(dead) },
    'advance of a done job': { ...advance, job: at(done) },
    'retry of a dead job': {
      type: 'retry',
      ...{ job: at(dead), dueMs: 9, ...counts, ended: aFailure('x') },
    },
    'settle of a done job': completion(done),
    'settle of an earlier phase': death(aJob(1), 'x'),
    'release of a done job': {
      type: 'release',
      ...{ job: at(done), tokenMin: '', suspect: false, crashes: 0 },
    },
    'note of a dead job': { type: 'note', job: at(dead), running },
    'redrive of a ready job': { type: 'redrive', job: at(ready), attemptsMax: 9, readyMs: 1 },
    'redrive of a done job': { type: 'redrive', job: at(done), attemptsMax: 9, readyMs: 1 },
    'discard of a done job': { type: 'discard', job: at(done) },
    'remove of a ready job': { type: 'remove', job: at(ready) },
    'insert under a sequence that is taken': {
      type: 'insert',
      job: aJob(1, { id: 'somebody else' }),
    },
  }
}

/** A mutation that does not fit what is stored. */
export function testMisfits({ test }: Tests): void {
  for (const [name, misfit] of Object.entries(misfits())) {
    test(`${name} leaves everything as it was`, async (store) => {
      const owner = await Owner.of(store)
      await owner.insert(aJob(1, { phase: 1 }), aJob(2), aJob(3), aJob(4))
      await owner.commit(death(aJob(2), 'x'), completion(aJob(3)))
      const before = await snapshot(store)
      const group = [...inserts([aJob(5)]), completion(aJob(4)), { type: 'pause' } as const, misfit]
      await refuses('CT_INTERNAL', owner.commit(...group))
      assert.deepEqual(await snapshot(store), before)

      await owner.commit(...inserts([aJob(5)]), completion(aJob(4)))
    })
  }
}

/** Acquires when the lease of the owner before has run out. */
async function afterLease(
  store: Storage,
  harness: StorageHarness,
  owner: string,
): Promise<AcquireAnswer> {
  harness.advanceClock?.(leaseMs + 1)
  for (;;) {
    const answer = await store.acquire(shard, owner, 60_000)
    if (answer.outcome === 'acquired' || harness.advanceClock !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

const leaseMs = 100

/** No clock of a store in use is as early. */
const microsecondsOf2020 = Date.UTC(2020, 0) * 1_000

/** `acquire`, `release`, and shards beside each other. */
export function testOwnership({ test }: Tests): void {
  test('the first owner gets the shard, and nobody left it unclean', async (store) => {
    const answer = await store.acquire(shard, 'first', 60_000)
    assert.ok(answer.outcome === 'acquired')
    assert.equal(answer.uncleanStop, false)
    assert.ok(Number.isSafeInteger(answer.epoch) && answer.epoch > 0)
  })

  test('an epoch is no less than the time in microseconds', async (store) => {
    // Whoever starts again from nothing, or from an old backup, must not hand out what was handed out before.
    const { epoch } = await Owner.of(store)
    assert.ok(epoch >= microsecondsOf2020, `${epoch}`)
  })

  test('the same owner again gets a newer epoch, and its earlier self is fenced', async (store) => {
    const earlier = await Owner.of(store, shard, 'owner')
    const again = await store.acquire(shard, 'owner', 60_000)
    assert.ok(again.outcome === 'acquired')
    assert.ok(again.epoch > earlier.epoch)
    assert.equal(again.uncleanStop, true)
    await refuses('CT_FENCED', earlier.commit(...inserts([aJob(1)])))
    assert.equal(await store.renew(shard, earlier.epoch, 60_000), false)
    await store.release(shard, earlier.epoch)
    assert.equal((await store.acquire(shard, 'second', 60_000)).outcome, 'held')
    await new Owner(store, shard, again.epoch).insert(aJob(1))
  })

  test('another owner is told who holds it, and until when', async (store) => {
    await Owner.of(store, shard, 'first')
    const answer = await store.acquire(shard, 'second', 60_000)
    assert.ok(answer.outcome === 'held')
    assert.equal(answer.heldBy, 'first')
    assert.ok(answer.untilMs > 0)
  })

  test('the next owner after a release has a newer epoch and a clean start', async (store) => {
    const first = await Owner.of(store, shard, 'first')
    await store.release(shard, first.epoch)
    const answer = await store.acquire(shard, 'second', 60_000)
    assert.ok(answer.outcome === 'acquired')
    assert.ok(answer.epoch > first.epoch)
    assert.equal(answer.uncleanStop, false)
  })
}

/** Leases that end, and the owners they leave behind. */
export function testLeases({ test, harness }: Tests): void {
  test('a lease that ran out is free, unclean, and fences its owner', async (store) => {
    const first = await store.acquire(shard, 'first', leaseMs)
    assert.ok(first.outcome === 'acquired')
    const second = await afterLease(store, harness, 'second')
    assert.ok(second.outcome === 'acquired')
    assert.ok(second.epoch > first.epoch)
    assert.equal(second.uncleanStop, true)
    assert.equal(await store.renew(shard, first.epoch, 60_000), false)

    const before = await snapshot(store)
    const group = { id: 'late', number: 1, mutations: inserts([aJob(1)]) }
    await refuses('CT_FENCED', store.commit(shard, first.epoch, group))
    await store.release(shard, first.epoch)
    assert.deepEqual(await snapshot(store), before)
    await new Owner(store, shard, second.epoch).insert(aJob(1))
  })

  test('a renewed lease is not free', async (store) => {
    const first = await store.acquire(shard, 'first', leaseMs)
    assert.ok(first.outcome === 'acquired')
    assert.equal(await store.renew(shard, first.epoch, 600_000), true)
    harness.advanceClock?.(leaseMs + 1)
    assert.equal((await store.acquire(shard, 'second', 60_000)).outcome, 'held')
  })

  test('nobody commits or renews after a release, or without an acquisition', async (store) => {
    const group = { id: 'g', number: 1, mutations: inserts([aJob(1)]) }
    await refuses('CT_FENCED', store.commit(shard, 1, group))
    const owner = await Owner.of(store)
    await store.release(shard, owner.epoch)
    await refuses('CT_FENCED', store.commit(shard, owner.epoch, group))
    assert.equal(await store.renew(shard, owner.epoch, 60_000), false)
  })
}

/** Shards beside each other. */
export function testShards({ test, harness }: Tests): void {
  test('who owns which shard can be seen, for as long as it holds others off', async (store) => {
    const { pipeline } = shard
    const seen = async () => Object.fromEntries(await store.owners(pipeline, [0, 1, 2]))
    assert.deepEqual(await seen(), {})
    const first = await Owner.of(store, shard, 'first')
    assert.ok(
      (await store.acquire({ pipeline, shard: 2 }, 'brief', leaseMs)).outcome === 'acquired',
    )
    if (harness.advanceClock !== undefined)
      assert.deepEqual(await seen(), { 0: 'first', 2: 'brief' })
    assert.deepEqual([...(await store.owners(pipeline, [1]))], [])
    harness.advanceClock?.(leaseMs + 1)
    while ((await store.owners(pipeline, [2])).size > 0) {
      assert.ok(harness.advanceClock === undefined, 'a lease that ran out holds nobody off')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.deepEqual(await seen(), { 0: 'first' })
    await store.release(shard, first.epoch)
    assert.deepEqual(await seen(), {})
  })

  test('shards are owned, numbered and loaded apart', async (store) => {
    const other = { ...shard, shard: 1 }
    const [left, right] = [await Owner.of(store), await Owner.of(store, other, 'right')]
    await left.insert(aJob(1))
    await right.insert(aJob(1, { id: 'on the right', shard: 1 }), aJob(2, { shard: 1 }))
    await right.commit({ type: 'pause' }, completion(aJob(2, { shard: 1 }), startMs))
    const ready = await store.loadReady(shard, { phase: 0, limit: 10 })
    assert.deepEqual(
      ready.map(({ id }) => id),
      ['job-1'],
    )
    assert.deepEqual(await store.getJobs(shard, ['on the right']), [])
    const summary = await store.summarise(other)
    assert.deepEqual(summary, {
      lastSequence: 2,
      phases: [{ phase: 0, ready: 1, scheduled: 0 }],
      settled: { done: 1, dead: 0, cancelled: 0 },
      paused: [-1],
      noted: [],
    })
    assert.equal((await store.listJobs(other, {}, { limit: 10 })).jobs.length, 2)
  })
}
