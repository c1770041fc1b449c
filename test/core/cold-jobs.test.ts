/** Jobs that are only in the store, and those on the edge of the window: none may wait for ever. */
import { describe, expect, it } from 'vitest'
import { jobOf } from '../../src/core/job.ts'
import { ReadyQueue } from '../../src/core/ready-queue.ts'
import { aJobRecord } from './a-job.ts'
import { AnOwner, aSubmittedJob, effectsOf } from './an-owner.ts'

const jobs = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) =>
    jobOf(aJobRecord(`job-${from + n}`, { sequence: from + n })),
  )

describe('cold jobs', () => {
  it('are not passed over when a window is trimmed after arrivals during a load', () => {
    const queue = new ReadyQueue(0, 100, {
      readyJobsMax: 4,
      readyBytesMax: 1e6,
      loadJobsMax: 2_000,
    })
    expect(queue.wantsRefill()).toEqual({ after: undefined, limit: 2 })
    for (const job of jobs(101, 105)) expect(queue.enter(job)).toBe(true)
    queue.refill(jobs(1, 2), { priority: 0, sequence: 2 }, false)
    queue.trim()
    for (let job = queue.peek(); job; job = queue.peek()) {
      queue.leave(job)
      job.state = 'granted'
    }
    expect(queue.wantsRefill()?.after).toEqual({ priority: 0, sequence: 2 })
  })

  it('stay cold, and leave the window to those before them, when they came during a load', () => {
    const queue = new ReadyQueue(0, 100, {
      readyJobsMax: 8,
      readyBytesMax: 1e6,
      loadJobsMax: 2_000,
    })
    expect(queue.wantsRefill()).toEqual({ after: undefined, limit: 4 })
    const late = jobs(101, 107)
    for (const job of late) expect(queue.enter(job)).toBe(true)
    expect(queue.peek()).toBeUndefined()
    expect(queue.refill(jobs(1, 4), { priority: 0, sequence: 4 }, false)).toEqual(late)
    expect([queue.hotJobs, queue.waiting]).toEqual([4, 107])
  })

  it('are hot at once when they came during the load that found the last one', () => {
    const queue = new ReadyQueue(0, 1, { readyJobsMax: 8, readyBytesMax: 1e6, loadJobsMax: 2_000 })
    queue.wantsRefill()
    const [first, urgent, late] = jobs(1, 3)
    if (!first || !urgent || !late) throw new Error()
    queue.enter(urgent)
    queue.enter(late)
    // It is cancelled before the load has come back.
    queue.leave(late)
    late.state = 'cancelled'
    expect(queue.refill([first], first, true)).toEqual([])
    expect([queue.hotJobs, queue.waiting, queue.peek()]).toEqual([2, 2, first])
  })

  it('come back although their old entry was trimmed away', () => {
    const queue = new ReadyQueue(0, 0, { readyJobsMax: 4, readyBytesMax: 1e6, loadJobsMax: 2_000 })
    const all = jobs(1, 6)
    const [first, second] = all
    if (!first || !second) throw new Error()
    for (const job of all) queue.enter(job)
    queue.leave(second)
    second.state = 'granted'
    queue.trim()
    second.state = 'ready'
    expect(queue.enter(second)).toBe(true)
    queue.leave(first)
    first.state = 'granted'
    expect(queue.peek()).toBe(second)
  })

  it('come back after an adoption, a trim and a release', () => {
    const owner = new AnOwner({ limits: { readyJobsMax: 4 } })
    const a = owner.worker('a')
    owner.submitted('1')
    const grant = a.grant()
    a.holds(grant)
    const { nowMs } = owner
    const { incarnation, info } = a
    owner.tell({ type: 'WorkerLost', nowMs, incarnation, cause: 'linkLost' })
    owner.commit()
    owner.submitted(aSubmittedJob('first', { priority: 5 }), '2', '3')
    owner.tell({ type: 'WorkerAnnounced', nowMs, info })
    owner.tell({ type: 'WorkerConnected', nowMs, incarnation })
    const { token, jobId, phase, attempt } = grant
    const held = { token, jobId, phase, attempt, state: 'running' as const, startedMs: nowMs }
    a.report({ info, held: [held], ping: 1, through: 0, number: 10, credit: 1 })
    expect(owner.owner.holderOf('1')).toBe('a')
    owner.submitted('4', '5', '6')
    a.report({
      number: 11,
      credit: 0,
      results: [
        {
          entry: 1,
          token,
          jobId,
          phase,
          attempt,
          startedMs: nowMs,
          endedMs: nowMs,
          outcome: { type: 'released', reason: 'x' },
        },
      ],
    })
    owner.commit()
    const before = owner.effects.length
    owner.worker('b', { credit: 10 })
    owner.commit()
    const g = effectsOf(owner.effects.slice(before), 'Grant').map((x) => x.jobId)
    expect(g).toContain('1')
  })

  it('are loaded although they went cold during another load', () => {
    const owner = new AnOwner({ phases: 2, limits: { readyJobsMax: 4 } })
    owner.submitted('1', '2', '3', '4', '5', '6')
    // window: 1 2 3; cold 4 5 6. A look-up is under way ...
    owner.tell({ type: 'CancelRequested', nowMs: owner.nowMs, request: 'c', id: 'unknown' })
    // ... while another job arrives and goes cold at once
    owner.submitted('7')
    const worker = owner.worker('a', { credit: 10 })
    expect(worker.grants().map((g) => g.jobId)).toEqual(['1', '2', '3'])
    const load = effectsOf(owner.effects, 'LoadReady').at(-1)
    expect(load).toMatchObject({ phase: 0, after: { sequence: 3 }, limit: 2 })
    const records = owner.groups.flatMap(({ mutations }) =>
      mutations.flatMap((m) => (m.type === 'insert' ? [m.job] : [])),
    )
    const load1 = records.slice(3, 5)
    owner.tell({
      type: 'ReadyLoaded',
      nowMs: owner.nowMs,
      load: 2,
      phase: 0,
      jobs: load1,
      exhausted: false,
    })
    owner.tell({
      type: 'ReadyLoaded',
      nowMs: owner.nowMs,
      load: 3,
      phase: 0,
      jobs: records.slice(5, 7),
      exhausted: true,
    })
    owner.tell({ type: 'JobsLookedUp', nowMs: owner.nowMs, load: 1, ids: ['unknown'], jobs: [] })
    expect(worker.grants().map((g) => g.jobId)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  it('take a result once that came twice while the store was read', () => {
    const owner = new AnOwner()
    owner.takesOver({ lastSequence: 1, phases: [{ phase: 0, ready: 1, scheduled: 0 }] })
    owner.pass(2_000)
    const worker = owner.worker('a')
    const run = { token: { epoch: 0, nonce: 'before', sequence: 7 }, jobId: 'job', phase: 0 }
    const outcome = { type: 'done' as const, instructions: new Uint8Array(1) }
    const result = { entry: 1, ...run, attempt: 1, startedMs: 1, endedMs: 2, outcome }
    worker.report({ results: [result] })
    worker.report({ results: [result] })
    const [asked] = effectsOf(owner.effects, 'LookUpJobs')
    if (asked === undefined) throw new Error('the job is looked up')
    const { load, ids } = asked
    const jobs = [aJobRecord('job')]
    owner.tell({ type: 'JobsLookedUp', nowMs: owner.nowMs, load, ids, jobs })
    owner.commit()
    expect(effectsOf(owner.effects, 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
    expect(owner.groups.flatMap(({ mutations }) => mutations)).toMatchObject([
      { type: 'settle', state: 'done' },
    ])
  })

  it('are there once when the store shows them before it has answered their insert', () => {
    const owner = new AnOwner()
    owner.takesOver({ lastSequence: 1, phases: [{ phase: 0, ready: 1, scheduled: 0 }] })
    owner.pass(2_000)
    const worker = owner.worker('a', { credit: 10 })
    owner.submit('new')
    // Its answer is lost on the way; the load is tried again sooner than the group.
    const group = owner.owner.nextGroup()
    const [insert] = group?.mutations ?? []
    if (group === undefined || insert?.type !== 'insert') throw new Error('it is inserted')
    const { nowMs } = owner
    const loads = { load: 1, phase: 0, exhausted: true, jobs: [aJobRecord('old'), insert.job] }
    owner.tell({ type: 'ReadyLoaded', nowMs, ...loads })
    const inserts = [{ id: 'new', outcome: 'stored' as const }]
    owner.effects.push(...owner.owner.committed(group, { inserts }, nowMs))
    owner.commit()
    expect(worker.grants().map(({ jobId }) => jobId)).toEqual(['old', 'new'])
  })
})
