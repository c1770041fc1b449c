/** What the owner loads, and what people list. */
import assert from 'node:assert/strict'
import type { JobRecord } from '../../core/job.ts'
import type { ReadyCursor } from '../../storage/contract.ts'
import { aFailure, aJob, anAttempt, at, completion, death, inserts } from './builders.ts'
import { listAll, Owner, refuses, shard, startMs, stored } from './builders.ts'
import type { Tests } from './harness.ts'

const idsOf = (jobs: readonly JobRecord[]): string[] => jobs.map(({ id }) => id)
const cursorOf = ({ priority, sequence }: JobRecord): ReadyCursor => ({ priority, sequence })

/** `loadReady`. */
export function testReady({ test }: Tests): void {
  test('ready jobs come by priority, then in order of arrival, a page at a time', async (store) => {
    const priorities = [0, 5, 0, -10, 5, 10, 0, -10]
    const jobs = priorities.map((priority, index) => aJob(index + 1, { priority }))
    const owner = await Owner.of(store)
    // Arrival is the sequence, whatever the order of the writes.
    await owner.insert(...jobs.toReversed(), aJob(9, { phase: 1, priority: 10 }))
    const expected = [6, 2, 5, 1, 3, 7, 4, 8].map((n) => `job-${n}`)
    for (const limit of [1, 2, 3, 100]) {
      const found: JobRecord[] = []
      for (;;) {
        const last = found.at(-1)
        const after = last === undefined ? {} : { after: cursorOf(last) }
        const page = await store.loadReady(shard, { phase: 0, limit, ...after })
        if (page.length === 0) break
        assert.ok(page.length <= limit)
        found.push(...page)
        assert.ok(found.length <= expected.length, 'a page repeats what came before it')
      }
      assert.deepEqual(idsOf(found), expected)
    }
  })

  test('a page of no jobs has none', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2, { state: 'scheduled', dueMs: 10 }))
    assert.deepEqual(await store.loadReady(shard, { phase: 0, limit: 0 }), [])
    const due = await store.loadDue(shard, { untilMs: 99, limit: 0 })
    assert.deepEqual(due, { jobs: [], nextDueMs: 10 })
  })

  test('a cursor need not name a job that is there', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1, { priority: 2 }), aJob(5), aJob(9))
    const load = async (after: ReadyCursor) =>
      idsOf(await store.loadReady(shard, { phase: 0, limit: 10, after }))
    assert.deepEqual(await load({ priority: 10, sequence: 99 }), ['job-1', 'job-5', 'job-9'])
    assert.deepEqual(await load({ priority: 1, sequence: 99 }), ['job-5', 'job-9'])
    assert.deepEqual(await load({ priority: 0, sequence: 7 }), ['job-9'])
    assert.deepEqual(await load({ priority: -1, sequence: 0 }), [])
  })

  test('a job that left and came back is loaded once, in its place', async (store) => {
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 200 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs)
    const retry = { type: 'retry', attempts: 1, crashes: 0, ended: aFailure('x') } as const
    const half = jobs.slice(0, 150)
    await owner.commit(...half.map((job) => ({ ...retry, job: at(job), dueMs: startMs })))
    const release = { type: 'release', tokenMin: '', suspect: false, crashes: 0 } as const
    const back = half.slice(0, 100)
    await owner.commit(...back.map((job) => ({ ...release, job: at(job) })))
    const found = await store.loadReady(shard, { phase: 0, limit: 1_000 })
    assert.deepEqual(idsOf(found), idsOf([...back, ...jobs.slice(150)]))
  })
}

/** `loadDue`, `getJobs`. */
export function testLoading({ test }: Tests): void {
  test('scheduled jobs come earliest first, with the time of the next', async (store) => {
    const owner = await Owner.of(store)
    const due = [30, 10, 20, 10]
    const jobs = due.map((dueMs, index) => aJob(index + 1, { state: 'scheduled', dueMs }))
    await owner.insert(...jobs, aJob(5))
    const load = async (untilMs: number, limit: number) => {
      const { jobs: found, ...next } = await store.loadDue(shard, { untilMs, limit })
      return { ids: idsOf(found), ...next }
    }
    assert.deepEqual(await load(9, 10), { ids: [], nextDueMs: 10 })
    assert.deepEqual(await load(20, 10), { ids: ['job-2', 'job-4', 'job-3'], nextDueMs: 30 })
    assert.deepEqual(await load(20, 1), { ids: ['job-2'], nextDueMs: 10 })
    assert.deepEqual(await load(30, 10), { ids: ['job-2', 'job-4', 'job-3', 'job-1'] })
    assert.equal((await store.loadReady(shard, { phase: 0, limit: 10 })).length, 1)
  })

  test('scheduled jobs go on behind the cursor', async (store) => {
    const owner = await Owner.of(store)
    const due = [30, 10, 20, 10]
    const jobs = due.map((dueMs, index) => aJob(index + 1, { state: 'scheduled', dueMs }))
    await owner.insert(...jobs)
    const load = async (dueMs: number, sequence: number) => {
      const range = { untilMs: 20, after: { dueMs, sequence }, limit: 10 }
      const { jobs: found, ...next } = await store.loadDue(shard, range)
      return { ids: idsOf(found), ...next }
    }
    assert.deepEqual(await load(10, 2), { ids: ['job-4', 'job-3'], nextDueMs: 30 })
    assert.deepEqual(await load(10, 4), { ids: ['job-3'], nextDueMs: 30 })
    assert.deepEqual(await load(20, 3), { ids: [], nextDueMs: 30 })
    assert.deepEqual(await load(30, 1), { ids: [] })
  })

  test('jobs are found by id, in the order asked for; unknown ids are left out', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2))
    assert.deepEqual(idsOf(await store.getJobs(shard, ['job-2', 'nobody', 'job-1'])), [
      'job-2',
      'job-1',
    ])
    assert.deepEqual(await store.getJobs(shard, []), [])
    const endless = 'job-1'.repeat(10_000)
    assert.deepEqual(await store.getJobs(shard, [endless]), [])
    assert.deepEqual(await store.listAttempts(shard, endless), [])
  })
}

/** `summarise`. */
export function testSummary({ test }: Tests): void {
  test('the summary of an empty shard is empty, that of a full one exact', async (store) => {
    const nothing = { done: 0, dead: 0, cancelled: 0 }
    const empty = { lastSequence: 0, phases: [], settled: nothing, paused: [], noted: [] }
    assert.deepEqual(await store.summarise(shard), empty)
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2, { phase: 2 }), aJob(3, { phase: 2 }), aJob(4), aJob(5))
    await owner.insert(aJob(6, { state: 'scheduled', phase: 2, dueMs: 70 }), aJob(7))
    await owner.commit(completion(aJob(4)), death(aJob(5), 'x'), {
      type: 'settle',
      ...{ job: at(aJob(7)), state: 'cancelled', endedMs: 1, attempts: 0, crashes: 0 },
    })
    assert.deepEqual(await store.summarise(shard), {
      lastSequence: 7,
      phases: [
        { phase: 0, ready: 1, scheduled: 0 },
        { phase: 2, ready: 2, scheduled: 1 },
      ],
      settled: { done: 1, dead: 1, cancelled: 1 },
      nextDueMs: 70,
      paused: [],
      noted: [],
    })
  })

  test('the summary names the jobs that were noted as running, until they end', async (store) => {
    const owner = await Owner.of(store)
    const jobs = [1, 2, 3].map((n) => aJob(n))
    await owner.insert(...jobs)
    const running = { token: 't', worker: 'w', incarnation: 'i', address: 'tcp://w:1', sinceMs: 5 }
    await owner.commit(...jobs.map((job) => ({ type: 'note' as const, job: at(job), running })))
    await owner.commit(completion(aJob(2)))
    const { noted } = await store.summarise(shard)
    assert.deepEqual(idsOf(noted), ['job-1', 'job-3'])
    assert.deepEqual(noted[0]?.running, running)
  })
}

/** `listJobs`, `countJobs`. */
export function testLists({ test }: Tests): void {
  test('lists are newest first and filtered, and counts agree', async (store) => {
    const owner = await Owner.of(store)
    const jobs = [1, 2, 3, 4, 5, 6].map((n) => aJob(n, { phase: n % 2 }))
    await owner.insert(...jobs, aJob(7, { state: 'scheduled' }))
    await owner.commit(death(aJob(1, { phase: 1 }), 'x'), completion(aJob(2)))
    const expectations = [
      [{}, [7, 6, 5, 4, 3, 2, 1]],
      [{ state: 'ready' }, [6, 5, 4, 3]],
      [{ state: 'scheduled' }, [7]],
      [{ state: 'unsettled' }, [7, 6, 5, 4, 3]],
      [{ state: 'dead' }, [1]],
      [{ state: 'done' }, [2]],
      [{ state: 'cancelled' }, []],
      [{ phase: 1 }, [5, 3, 1]],
      [{ state: 'ready', phase: 0 }, [6, 4]],
      [{ enqueuedBeforeMs: startMs + 3 }, [2, 1]],
      [{ state: 'unsettled', phase: 1, enqueuedBeforeMs: startMs + 5 }, [3]],
    ] as const
    for (const [query, numbers] of expectations) {
      const expected = numbers.map((n) => `job-${n}`)
      for (const limit of [1, 2, 100]) {
        assert.deepEqual(idsOf(await listAll(store, query, limit)), expected)
      }
      const counted = await store.countJobs(shard, query)
      assert.deepEqual(counted, { count: expected.length, more: false })
    }
  })
}

/** Pages of `listJobs`. */
export function testPages({ test }: Tests): void {
  test('a page has at most 100 jobs, whatever is asked for', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(...Array.from({ length: 150 }, (_, index) => aJob(index + 1)))
    const page = await store.listJobs(shard, {}, { limit: 1_000 })
    assert.equal(page.jobs.length, 100)
    assert.equal((await listAll(store)).length, 150)
  })

  test('a page has at least one job, and a cursor that no page gave is refused', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2))
    for (const limit of [0, -1, 0.5]) {
      assert.deepEqual(idsOf((await store.listJobs(shard, {}, { limit })).jobs), ['job-2'])
    }
    const strange = ['', ' ', 'x', '-1', '1.5', '1e3', '9'.repeat(99), `1' OR 1=1`, '\0', '1\n']
    for (const after of strange) {
      await refuses('CT_BAD_OPTION', store.listJobs(shard, {}, { after, limit: 10 }))
    }
  })

  test('pages under writes show every job that stays, and none twice', async (store) => {
    const owner = await Owner.of(store)
    const jobs = Array.from({ length: 60 }, (_, index) => aJob(index + 1))
    await owner.insert(...jobs)
    const seen: string[] = []
    let after: string | undefined
    for (let round = 0; ; round += 1) {
      const cursor = after === undefined ? {} : { after }
      const page = await store.listJobs(shard, {}, { limit: 10, ...cursor })
      seen.push(...idsOf(page.jobs))
      after = page.next
      if (after === undefined) break
      // New ones arrive, a seen and an unseen one leave, others change.
      const [left, right] = [jobs[59 - round], jobs[round]]
      assert.ok(left !== undefined && right !== undefined)
      const leaving = [left, right].flatMap(
        (job) => [completion(job), { type: 'remove', job: at(job) }] as const,
      )
      await owner.commit(...inserts([aJob(100 + round)]), ...leaving)
    }
    assert.equal(new Set(seen).size, seen.length)
    const stayed = idsOf(jobs.slice(10, 50))
    assert.deepEqual(
      stayed.filter((id) => !seen.includes(id)),
      [],
    )
  })
}

/** Search in `listJobs` and `countJobs`. */
export function testSearch({ testIf, harness }: Tests): void {
  const met = harness.capabilities.search
  const because = 'this store cannot look into texts'
  const needs = { capability: 'search', met, because } as const

  testIf(needs, 'jobs are found by a part of their last error, in any case', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2), aJob(3), aJob(4))
    await owner.commit(death(aJob(1), 'File 100% GONE'), death(aJob(2), 'other_thing'), {
      type: 'retry',
      ...{ job: at(aJob(3)), dueMs: 9, attempts: 1, crashes: 0, ended: aFailure('file gone') },
    })
    const find = async (error: string) => idsOf(await listAll(store, { error }))
    assert.deepEqual(await find('gone'), ['job-3', 'job-1'])
    assert.deepEqual(await find('100%'), ['job-1'])
    assert.deepEqual(await find('r_t'), ['job-2'])
    assert.deepEqual(await find('\\'), [])
    assert.deepEqual(idsOf(await listAll(store, { error: 'gone', state: 'dead' })), ['job-1'])
    assert.deepEqual(await store.countJobs(shard, { error: 'gone' }), { count: 2, more: false })
    assert.deepEqual(await find('g\0ne'), [])
  })

  testIf(needs, 'any case is also that of letters beyond ASCII', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1), aJob(2))
    await owner.commit(death(aJob(1), 'Größe ÜBER 5 МБ'), death(aJob(2), 'grosse'))
    for (const error of ['größe', 'GRÖßE', 'über 5 мб', 'Über 5 Мб']) {
      assert.deepEqual(idsOf(await listAll(store, { error })), ['job-1'], error)
      assert.deepEqual(await store.countJobs(shard, { error }), { count: 1, more: false })
    }
  })
}

/** `listAttempts` and `JobRecord.applied`. */
export function testHistory({ test }: Tests): void {
  test('attempts are kept whole, oldest first, and their tokens with the job', async (store) => {
    const owner = await Owner.of(store)
    const job = aJob(1)
    await owner.insert(job)
    const tokens = [1, 2, 3, 4].map((n) => `000000000000000${n}-000000000001-00000000000000aa`)
    const [first = '', second = '', third = '', fourth = ''] = tokens
    const failed = aFailure('no luck', { token: first })
    const lost = anAttempt({ token: second, outcome: 'lost', attempt: 2 })
    const done = anAttempt({ token: third, attempt: 3 })
    const broken = aFailure('broken', { token: fourth, phase: 1, outcome: 'dead' })
    const counts = { attempts: 1, crashes: 0 }
    const { instructions } = job
    await owner.commit({ type: 'retry', job: at(job), dueMs: 5, ...counts, ended: failed })
    const release = { type: 'release', job: at(job), tokenMin: '', suspect: false } as const
    await owner.commit({ ...release, crashes: 0, ended: lost })
    const advance = { type: 'advance', job: at(job), toPhase: 1, readyMs: 9 } as const
    await owner.commit({ ...advance, instructions, ended: done })
    const settle = { type: 'settle', job: at(job, 1), state: 'dead', endedMs: 9 } as const
    await owner.commit({ ...settle, ...counts, deathReason: 'rejected', ended: broken })

    assert.deepEqual(await store.listAttempts(shard, 'job-1'), [failed, lost, done, broken])
    assert.deepEqual((await stored(store, 'job-1')).applied, [first, third, fourth])
    assert.deepEqual(await store.listAttempts(shard, 'nobody'), [])
  })

  test('error texts are cut: message 2 KiB, stack 8 KiB, at a character', async (store) => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    const long = 'ä€'.repeat(10_000)
    const error = { kind: 'thrown', name: 'Error', message: long, stack: long }
    const ended = anAttempt({ outcome: 'failed', error })
    const retry = { type: 'retry', job: at(aJob(1)), dueMs: 5, attempts: 1, crashes: 0 } as const
    await owner.commit({ ...retry, ended })
    const [attempt] = await store.listAttempts(shard, 'job-1')
    const { message = '', stack = '' } = attempt?.error ?? {}
    for (const [text, max] of [
      [message, 2_048],
      [stack, 8_192],
    ] as const) {
      const length = Buffer.byteLength(text)
      assert.ok(length > max - 3 && length <= max, `${length} bytes`)
      assert.ok(long.startsWith(text))
    }
    const { lastError = '' } = await stored(store, 'job-1')
    assert.ok(lastError.length > 0 && Buffer.byteLength(lastError) <= 1_024)
  })
}
