/** What each mutation does to a job. */
import assert from 'node:assert/strict'
import type { JobRecord, RunningNote } from '../../core/job.ts'
import type { Mutation } from '../../core/mutation.ts'
import type { Storage } from '../../storage/contract.ts'
import { aFailure, aJob, anAttempt, at, bytes, completion, death } from './builders.ts'
import { inserts, listAll, Owner, plain, shard, startMs, stored } from './builders.ts'
import type { Tests } from './harness.ts'

const running: RunningNote = {
  token: '0000000000000001-000000000009-00000000000000aa',
  worker: 'resize@box-1',
  incarnation: 'w-1',
  address: 'tcp://10.0.0.1:5000',
  sinceMs: startMs + 3,
}
const busyJob = aJob(1, {
  ...{ attempts: 2, crashes: 1, suspect: true, running, lastError: 'Error: before' },
  ...{ tokenMin: '0000000000000001-000000000003', attemptsMax: 7 },
})

async function ownerOf(store: Storage, ...jobs: readonly JobRecord[]): Promise<Owner> {
  const owner = await Owner.of(store)
  await owner.insert(...jobs)
  return owner
}

/** Ready again at a time: what `retry` and `release` share. */
function idle(job: JobRecord): ReturnType<typeof plain> {
  const { running: _running, ...rest } = plain(job)
  return rest
}

/** The largest job that a manager takes. */
const largestBytes = 8 * 1024 * 1024

/** `insert`. */
export function testInsert({ test }: Tests): void {
  test('keeps every field of a job', async (store) => {
    const full = { ...busyJob, priority: -3, attemptsMax: 9, phase: 4, replayOf: 'job-0' }
    await ownerOf(store, full, aJob(2))
    assert.deepEqual(await stored(store, 'job-1'), plain(full))
    assert.deepEqual(await stored(store, 'job-2'), plain(aJob(2)))
  })

  test('keeps instructions of no bytes, and of 8 MiB that hold any byte', async (store) => {
    // A view into something larger, as what comes out of a message is.
    const large = new Uint8Array(largestBytes + 3).map((_, index) => index % 251).subarray(3)
    const empty = new Uint8Array()
    await ownerOf(store, aJob(1, { instructions: empty }), aJob(2, { instructions: large }))
    const [first, second] = await store.getJobs(shard, ['job-1', 'job-2'])
    assert.equal(first?.instructions.length, 0)
    assert.ok(second !== undefined && Buffer.compare(second.instructions, large) === 0)
  })

  test('takes a group of nothing', async (store) => {
    const owner = await ownerOf(store, aJob(1))
    assert.deepEqual(await owner.commit(), { inserts: [] })
    assert.equal((await store.summarise(shard)).lastSequence, 1)
  })

  test('answers duplicate for the same checksum and conflict for another', async (store) => {
    const owner = await ownerOf(store, aJob(1))
    const again = aJob(2, { id: 'job-1', checksum: aJob(1).checksum })
    const other = aJob(3, { id: 'job-1', checksum: 4 })
    const answer = await owner.commit(...inserts([again, other, aJob(4)]))
    assert.deepEqual(answer.inserts, [
      { id: 'job-1', outcome: 'duplicate' },
      { id: 'job-1', outcome: 'conflict' },
      { id: 'job-4', outcome: 'stored' },
    ])
    assert.deepEqual(await stored(store, 'job-1'), plain(aJob(1)))
  })

  test('knows an id from earlier in the same group', async (store) => {
    const owner = await ownerOf(store)
    const twin = aJob(2, { id: 'job-1', checksum: aJob(1).checksum })
    const rival = aJob(3, { id: 'job-1', checksum: 4 })
    const answer = await owner.commit(...inserts([aJob(1), twin, rival]))
    const outcomes = answer.inserts.map(({ outcome }) => outcome)
    assert.deepEqual(outcomes, ['stored', 'duplicate', 'conflict'])
  })

  test('takes an id again after its job was removed', async (store) => {
    const owner = await ownerOf(store, aJob(1))
    await owner.commit(completion(aJob(1)), { type: 'remove', job: at(aJob(1)) })
    const answer = await owner.commit(...inserts([aJob(2, { id: 'job-1' })]))
    assert.equal(answer.inserts[0]?.outcome, 'stored')
  })
}

/** Ids that a store may mistake for something else, or for one another; some fill the 128 bytes of an id. */
const oddIds = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'NULL',
    '0',
    '-1',
    '1e3',
    ' ',
    'a',
    'A',
    'a ',
  ],
  ...[
    'a\0',
    'a\0b',
    '\0',
    '\u0001',
    'a\u00010',
    '\n',
    '\u2028',
    '\uFFFD',
    '\uFEFFa',
    '%00',
    '%',
    '_',
  ],
  ...[`'; DROP TABLE job --`, '"', '\\', '{a}', 'a,b', '$1', '\u00e9', 'e\u0301', 'ß', 'ss'],
  ...['😀'.repeat(32), 'ä'.repeat(64), 'x'.repeat(128), '\0'.repeat(128)],
]

/** Ids beyond letters and digits. */
export function testIds({ test }: Tests): void {
  test('keeps ids of any characters, each by itself', async (store) => {
    const owner = await ownerOf(store)
    const jobs = oddIds.map((id, index) => aJob(index + 1, { id, replayOf: id }))
    const answer = await owner.commit(...inserts(jobs))
    assert.deepEqual(
      answer.inserts,
      oddIds.map((id) => ({ id, outcome: 'stored' })),
    )
    const again = await owner.commit(
      ...inserts(jobs.map((job) => ({ ...job, sequence: job.sequence + 1_000 }))),
    )
    assert.deepEqual(
      again.inserts,
      oddIds.map((id) => ({ id, outcome: 'duplicate' })),
    )
    const found = await store.getJobs(shard, oddIds)
    assert.deepEqual(found.map(plain), jobs.map(plain))
    assert.deepEqual((await listAll(store)).map(plain), jobs.toReversed().map(plain))
    await owner.commit(...jobs.map((job) => completion(job)))
    for (const id of oddIds) {
      assert.deepEqual(await store.listAttempts(shard, id), [anAttempt()])
    }
    await owner.commit(...jobs.map((job) => ({ type: 'remove' as const, job: at(job) })))
    assert.deepEqual(await store.getJobs(shard, oddIds), [])
  })
}

/** `advance`, `retry`. */
export function testProgress({ test }: Tests): void {
  test('advance makes the next phase ready, with a clean slate', async (store) => {
    const owner = await ownerOf(store, busyJob)
    const instructions = bytes('{"next":1}')
    const ended = anAttempt()
    const readyMs = startMs + 70
    const advance = { type: 'advance', job: at(busyJob), toPhase: 1 } as const
    await owner.commit({ ...advance, readyMs, instructions, ended })

    const { lastError: _error, ...kept } = idle(busyJob)
    assert.deepEqual(await stored(store, 'job-1'), {
      ...kept,
      ...{ state: 'ready', phase: 1, dueMs: readyMs, instructions: '{"next":1}' },
      ...{ attempts: 0, crashes: 0, attemptsMax: 0, suspect: false, applied: [ended.token] },
    })
  })

  test('a job goes through its phases within one group', async (store) => {
    const owner = await ownerOf(store)
    const job = aJob(1)
    const to = (phase: number): Mutation => ({
      type: 'advance',
      ...{ job: at(job, phase - 1), toPhase: phase, readyMs: startMs },
      ...{ instructions: job.instructions, ended: anAttempt({ phase: phase - 1 }) },
    })
    await owner.commit(...inserts([job]), to(1), to(2), completion({ ...job, phase: 2 }))
    assert.equal((await stored(store, 'job-1')).state, 'done')
    const phases = (await store.listAttempts(shard, 'job-1')).map(({ phase }) => phase)
    assert.deepEqual(phases, [0, 1, 2])
  })

  test('retry schedules the job, with its counts and its error', async (store) => {
    const owner = await ownerOf(store, busyJob)
    const ended = aFailure('no such file\nsecond line')
    const counts = { attempts: 3, crashes: 1 }
    const dueMs = startMs + 9_000
    await owner.commit({ type: 'retry', job: at(busyJob), dueMs, ...counts, ended })
    assert.deepEqual(await stored(store, 'job-1'), {
      ...idle(busyJob),
      ...{ state: 'scheduled', dueMs, ...counts, applied: [ended.token] },
      lastError: 'TypeError: no such file',
    })
  })

  test('retry with no due time makes the job ready at once', async (store) => {
    const owner = await ownerOf(store, aJob(1))
    const ended = aFailure('again', { endedMs: startMs + 77 })
    const retry = { type: 'retry', job: at(aJob(1)), dueMs: 0 } as const
    await owner.commit({ ...retry, attempts: 1, crashes: 0, ended })
    const { state, dueMs } = await stored(store, 'job-1')
    assert.deepEqual({ state, dueMs }, { state: 'ready', dueMs: startMs + 77 })
  })

  test('a scheduled job is advanced, retried, settled and released like a ready one', async (store) => {
    const jobs = [1, 2, 3, 4].map((n) => aJob(n, { state: 'scheduled' as const }))
    const owner = await ownerOf(store, ...jobs)
    const [first = aJob(1), second = aJob(2), third = aJob(3), fourth = aJob(4)] = jobs
    const { instructions } = first
    const ended = anAttempt()
    const counts = { attempts: 1, crashes: 0 }
    await owner.commit(
      { type: 'advance', job: at(first), toPhase: 1, readyMs: 5, instructions, ended },
      { type: 'retry', job: at(second), dueMs: 9, ...counts, ended: aFailure('x') },
      completion(third),
      { type: 'release', job: at(fourth), tokenMin: '', suspect: false, crashes: 0 },
    )
    const states = (await store.getJobs(shard, ['job-1', 'job-2', 'job-3', 'job-4'])).map(
      ({ state }) => state,
    )
    assert.deepEqual(states, ['ready', 'scheduled', 'done', 'ready'])
  })
}

/** `settle`. */
export function testSettle({ test }: Tests): void {
  test('done keeps the result and forgets the error', async (store) => {
    const owner = await ownerOf(store, busyJob)
    await owner.commit(completion(busyJob, startMs + 60))
    const { lastError: _error, ...kept } = idle(busyJob)
    assert.deepEqual(await stored(store, 'job-1'), {
      ...kept,
      ...{ state: 'done', endedMs: startMs + 60, attempts: 0, crashes: 0 },
      ...{ instructions: '{"result":true}', applied: [anAttempt().token] },
    })
  })

  test('dead keeps the instructions, the reason and the error', async (store) => {
    const owner = await ownerOf(store, busyJob)
    await owner.commit(death(busyJob, 'it is broken', startMs + 60))
    assert.deepEqual(await stored(store, 'job-1'), {
      ...idle(busyJob),
      ...{ state: 'dead', endedMs: startMs + 60, attempts: 5, crashes: 0 },
      ...{ deathReason: 'attempts', lastError: 'TypeError: it is broken' },
      applied: [anAttempt().token],
    })
  })

  test('cancelled without an attempt adds none', async (store) => {
    const owner = await ownerOf(store, aJob(1))
    const counts = { attempts: 0, crashes: 0 }
    const cancel = { type: 'settle', job: at(aJob(1)), state: 'cancelled' } as const
    await owner.commit({ ...cancel, endedMs: startMs + 60, ...counts })
    const { state, endedMs } = await stored(store, 'job-1')
    assert.deepEqual({ state, endedMs }, { state: 'cancelled', endedMs: startMs + 60 })
    assert.deepEqual(await store.listAttempts(shard, 'job-1'), [])
  })
}

/** `release`, `note`. */
export function testGrants({ test }: Tests): void {
  test('release makes the job ready, fenced and perhaps suspect', async (store) => {
    const scheduled = { ...busyJob, state: 'scheduled' as const, suspect: false }
    const owner = await ownerOf(store, scheduled)
    const tokenMin = '0000000000000002-000000000008'
    const release = { type: 'release', job: at(busyJob), tokenMin } as const
    const ended = anAttempt({ outcome: 'lost' })
    await owner.commit({ ...release, suspect: true, crashes: 2, ended })
    assert.deepEqual(await stored(store, 'job-1'), {
      ...idle(busyJob),
      ...{ state: 'ready', tokenMin, suspect: true, crashes: 2 },
    })
    assert.deepEqual(await store.listAttempts(shard, 'job-1'), [ended])
  })

  test('note says with whom the job is, and changes nothing else', async (store) => {
    const owner = await ownerOf(store, aJob(1), aJob(2, { state: 'scheduled' }))
    const behindRelay = { ...running, relayed: true }
    await owner.commit(
      { type: 'note', job: at(aJob(1)), running },
      { type: 'note', job: at(aJob(2)), running: behindRelay },
    )
    assert.deepEqual(await stored(store, 'job-1'), { ...plain(aJob(1)), running })
    const { state, running: kept } = await stored(store, 'job-2')
    assert.deepEqual([state, kept], ['scheduled', behindRelay])
  })
}

/** `redrive`, `discard`, `remove`. */
export function testAfterlife({ test }: Tests): void {
  test('redrive makes a dead job ready at its phase, its history kept', async (store) => {
    const job = aJob(1, { phase: 2 })
    const owner = await ownerOf(store, job)
    await owner.commit(death(job, 'broken'))
    const readyMs = startMs + 500
    await owner.commit({ type: 'redrive', job: at(job), attemptsMax: 10, readyMs })
    assert.deepEqual(await stored(store, 'job-1'), {
      ...plain(job),
      ...{ attempts: 5, attemptsMax: 10, dueMs: readyMs, lastError: 'TypeError: broken' },
      applied: [anAttempt().token],
    })
    assert.equal((await store.listAttempts(shard, 'job-1')).length, 1)
    const [ready] = await store.loadReady(shard, { phase: 2, limit: 10 })
    assert.equal(ready?.id, 'job-1')
  })

  test('discard takes a dead job out, remove any settled one', async (store) => {
    const jobs = [aJob(1), aJob(2), aJob(3)]
    const owner = await ownerOf(store, ...jobs)
    await owner.commit(death(aJob(1), 'x'), completion(aJob(2)), death(aJob(3), 'y'))
    await owner.commit(
      { type: 'discard', job: at(aJob(1)) },
      { type: 'remove', job: at(aJob(2)) },
      { type: 'remove', job: at(aJob(3)) },
    )
    const ids = jobs.map(({ id }) => id)
    assert.deepEqual(await store.getJobs(shard, ids), [])
    assert.deepEqual(await store.listAttempts(shard, 'job-1'), [])
    assert.equal((await store.summarise(shard)).lastSequence, 3)
  })
}

/** `pause`, `resume`. */
export function testPause({ test }: Tests): void {
  test('a phase and the whole pipeline are paused apart', async (store) => {
    const owner = await ownerOf(store)
    const paused = async () => (await store.summarise(shard)).paused
    await owner.commit({ type: 'pause', phase: 2 }, { type: 'pause' })
    await owner.commit({ type: 'pause', phase: 2 }, { type: 'pause', phase: 0 })
    assert.deepEqual(await paused(), [-1, 0, 2])
    await owner.commit({ type: 'resume' }, { type: 'resume', phase: 7 })
    assert.deepEqual(await paused(), [0, 2])
  })
}
