/** What people order: pause and resume, dead jobs, and the races of two who want the same job. */
import { describe, expect, it } from 'vitest'
import type { Effect } from '../../src/core/effect.ts'
import type { Event } from '../../src/core/event.ts'
import type { JobRecord } from '../../src/core/job.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { Operations } from '../../src/core/operations.ts'
import { seededRng } from '../../src/core/rng.ts'
import { Shard } from '../../src/core/shard.ts'
import { aJobRecord } from './a-job.ts'
import { AnOwner, aRetry, effectsOf, nonce } from './an-owner.ts'

type Ordered = Extract<
  Event,
  { type: 'RedriveRequested' | 'DiscardRequested' | 'PauseRequested' | 'ResumeRequested' }
>

const dead = (id: string, more: Partial<JobRecord> = {}) =>
  aJobRecord(id, { state: 'dead', attempts: 2, endedMs: 9, deathReason: 'attempts', ...more })

function orders(
  owner: AnOwner,
  type: 'RedriveRequested' | 'DiscardRequested',
  ...ids: readonly string[]
): readonly Effect[] {
  return owner.tell({ type, nowMs: owner.nowMs, request: type, ids })
}

function pauses(owner: AnOwner, type: Ordered['type'], ...phases: readonly number[]) {
  const only = phases.length === 0 ? {} : { phases }
  return owner.tell({ type, nowMs: owner.nowMs, request: 'r', ...only } as Ordered)
}

/** The store answers the newest look-up. */
function looksUp(owner: AnOwner, ...jobs: readonly JobRecord[]): readonly Effect[] {
  const asked = effectsOf(owner.effects, 'LookUpJobs').at(-1)
  if (asked === undefined) throw new Error('nothing was asked')
  const { load, ids } = asked
  return owner.tell({ type: 'JobsLookedUp', nowMs: owner.nowMs, load, ids, jobs })
}

function outcomes(owner: AnOwner): unknown[] {
  return effectsOf(owner.effects, 'AnswerDead').map(({ items }) =>
    items.map(({ id, outcome }) => `${id} ${outcome}`),
  )
}

describe('a pause', () => {
  it('of the pipeline stops new grants, not what runs, until it is resumed', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('running', 'waiting')
    expect(pauses(owner, 'PauseRequested')).toEqual([])
    expect(effectsOf(owner.commit(), 'AnswerPause')).toMatchObject([{ paused: [-1] }])
    expect(owner.groups.at(-1)?.mutations).toEqual([{ type: 'pause' }])
    worker.finishes(worker.grant())
    expect(effectsOf(owner.commit(), 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
    expect(worker.grants()).toHaveLength(1)
    expect(owner.owner.status()).toMatchObject({ paused: true, phases: [{ paused: true }] })

    pauses(owner, 'ResumeRequested')
    owner.commit()
    expect(worker.grant().jobId).toBe('waiting')
    expect(owner.owner.status()).toMatchObject({ paused: false, phases: [{ paused: false }] })
  })

  it('of one phase leaves the others at work', () => {
    const owner = new AnOwner({ phases: 2 })
    const cutter = owner.worker('cutter')
    const encoder = owner.worker('encoder', { phase: 1 })
    pauses(owner, 'PauseRequested', 1)
    owner.submitted('job')
    cutter.finishes(cutter.grant())
    owner.commit()
    expect(encoder.grants()).toEqual([])
    expect(owner.owner.status()).toMatchObject({ phases: [{ paused: false }, { paused: true }] })
  })

  it('is told again, and written once, when it is ordered twice', () => {
    const owner = new AnOwner({ phases: 2 })
    pauses(owner, 'PauseRequested', 1)
    owner.commit()
    expect(pauses(owner, 'PauseRequested', 1)).toMatchObject([{ paused: [1] }])
    expect(owner.owner.nextGroup()).toBeUndefined()
    pauses(owner, 'PauseRequested')
    owner.commit()
    pauses(owner, 'ResumeRequested')
    expect(effectsOf(owner.commit(), 'AnswerPause')).toMatchObject([{ paused: [1] }])
  })

  it('that the store holds outlives its owner', () => {
    const owner = new AnOwner()
    owner.takesOver({ paused: [-1] })
    const worker = owner.worker('a')
    owner.submitted('job')
    expect(worker.grants()).toEqual([])
  })
})

describe('a redriven job', () => {
  it('is granted again in its phase, its attempts kept and its limit raised', () => {
    const owner = new AnOwner({ phases: 2 })
    const worker = owner.worker('a', { phase: 1 })
    expect(orders(owner, 'RedriveRequested', 'job')).toMatchObject([
      { type: 'LookUpJobs', ids: ['job'] },
    ])
    expect(looksUp(owner, dead('job', { phase: 1 }))).toEqual([])
    owner.commit()
    expect(outcomes(owner)).toEqual([['job redriven']])
    expect(owner.groups.at(-1)?.mutations).toMatchObject([{ type: 'redrive', attemptsMax: 4 }])
    expect(worker.grant()).toMatchObject({ jobId: 'job', phase: 1, attempt: 3 })

    worker.fails(worker.grant(), 0)
    owner.commit()
    owner.pass(0)
    worker.fails(worker.grant(), 0)
    owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([{ type: 'settle', attempts: 4 }])
  })

  it('has the plain limit again in the next phase', () => {
    const owner = new AnOwner({ phases: 2 })
    const [first, second] = [owner.worker('a'), owner.worker('b', { phase: 1 })]
    orders(owner, 'RedriveRequested', 'job')
    looksUp(owner, dead('job', { attempts: 9 }))
    owner.commit()
    first.finishes(first.grant())
    owner.commit()
    for (const attempt of [1, 2]) {
      expect(second.grant().attempt).toBe(attempt)
      second.fails(second.grant(), 0)
      owner.commit()
      owner.pass(0)
    }
    expect(owner.groups.at(-1)?.mutations).toMatchObject([{ type: 'settle', state: 'dead' }])
  })

  it('that has killed its workers runs alone, and is dead at the next death', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a', { credit: 2 })
    orders(owner, 'RedriveRequested', 'job')
    looksUp(owner, dead('job', { attempts: 0, crashes: 2, suspect: true, deathReason: 'crashed' }))
    owner.commit()
    owner.submitted('neighbour')
    expect(worker.grants().map(({ jobId }) => jobId)).toEqual(['job'])
    worker.holds(worker.grant())
    worker.dies()
    owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'settle', deathReason: 'crashed', crashes: 3 },
    ])
  })

  it('is no longer counted among the dead', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    worker.fails(worker.grant(), 'never')
    owner.commit()
    expect(owner.owner.status().settled.dead).toBe(1)
    orders(owner, 'RedriveRequested', 'job')
    looksUp(owner, dead('job'))
    expect(owner.owner.status().settled.dead).toBe(0)
  })
})

describe('orders about dead jobs', () => {
  it('are answered for each of them, when all are known', () => {
    const owner = new AnOwner()
    owner.submitted('alive')
    expect(
      effectsOf(orders(owner, 'DiscardRequested', 'alive', 'x', 'y', 'z'), 'AnswerDead'),
    ).toEqual([])
    looksUp(owner, dead('x'), aJobRecord('y', { state: 'done', endedMs: 9 }))
    owner.commit()
    expect(outcomes(owner)).toEqual([['alive notDead', 'x discarded', 'y notDead', 'z notFound']])
    expect(orders(owner, 'RedriveRequested')).toMatchObject([{ type: 'AnswerDead', items: [] }])
  })

  it.each([
    ['RedriveRequested', 'DiscardRequested', 'redriven', 'notDead'],
    ['DiscardRequested', 'RedriveRequested', 'discarded', 'notFound'],
    ['RedriveRequested', 'RedriveRequested', 'redriven', 'notDead'],
    ['DiscardRequested', 'DiscardRequested', 'discarded', 'notFound'],
  ] as const)('%s and %s race: the first wins', (first, second, won, lost) => {
    const owner = new AnOwner()
    orders(owner, first, 'job')
    const earlier = effectsOf(owner.effects, 'LookUpJobs').at(-1)
    orders(owner, second, 'job')
    const later = effectsOf(owner.effects, 'LookUpJobs').at(-1)
    if (!earlier || !later) throw new Error('both look')
    // Both have read the store before either has changed it.
    const answer = { type: 'JobsLookedUp', nowMs: owner.nowMs, ids: ['job'] } as const
    owner.tell({ ...answer, load: earlier.load, jobs: [dead('job')] })
    owner.tell({ ...answer, load: later.load, jobs: [dead('job')] })
    owner.commit()
    // Whoever found it changed and gone looks again.
    if (lost === 'notFound') looksUp(owner)
    expect(outcomes(owner)).toEqual([[`job ${won}`], [`job ${lost}`]])
    expect(owner.groups.flatMap(({ mutations }) => mutations)).toHaveLength(1)
  })

  it('are refused when the pipeline has the phase no longer', () => {
    const owner = new AnOwner()
    orders(owner, 'RedriveRequested', 'job')
    looksUp(owner, dead('job', { phase: 1 }))
    expect(outcomes(owner)).toEqual([['job noPhase']])
    expect(owner.owner.nextGroup()).toBeUndefined()
  })

  it('name a job twice, and it is changed once', () => {
    const owner = new AnOwner()
    orders(owner, 'DiscardRequested', 'job', 'job')
    looksUp(owner, dead('job'))
    owner.commit()
    looksUp(owner)
    expect(outcomes(owner)).toEqual([['job discarded', 'job notFound']])
  })
})

describe('a cancelled job', () => {
  const phases = [{ jobType: 'cut', retry: aRetry, timeoutMs: 60_000 }]
  const aShard = () =>
    new Shard({
      ...{ spec: { name: 'films', phases }, shard: 0, epoch: 1, nonce },
      ...{ limits: defaultLimits, rng: seededRng(1) },
    })

  it('lets go of its instructions, in whatever queue its place may be', () => {
    const shard = aShard()
    const operations = new Operations(shard)
    const ready = shard.bringIn(aJobRecord('ready'))
    shard.makeReady(ready)
    const scheduled = shard.bringIn(aJobRecord('scheduled', { state: 'scheduled' }))
    shard.makeScheduled(scheduled)
    for (const { id } of [ready, scheduled]) operations.cancel('request', id)
    expect([ready, scheduled].map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect([ready, scheduled].map(({ instructions }) => instructions.length)).toEqual([0, 0])
  })

  it('keeps its place no longer than there are some more of them', () => {
    const shard = aShard()
    const operations = new Operations(shard)
    for (let n = 0; n < 3_000; n++) {
      const state = n % 2 === 0 ? 'ready' : 'scheduled'
      const job = shard.bringIn(aJobRecord(`${n}`, { sequence: n + 1, state }))
      if (state === 'ready') shard.makeReady(job)
      else shard.makeScheduled(job)
      operations.cancel('request', job.id)
      shard.trimWindows()
    }
    expect(shard.ready(0).entries).toBeLessThan(1_010)
    expect(shard.scheduled.entries).toBeLessThan(1_010)
    expect(shard.jobs.size).toBe(0)
  })
})

describe('two cancels of a job that is only in the store', () => {
  it('write its end once: the second looks again', () => {
    const owner = new AnOwner()
    for (const request of ['1', '2']) {
      owner.tell({ type: 'CancelRequested', nowMs: owner.nowMs, request, id: 'cold' })
    }
    const record = aJobRecord('cold', { state: 'scheduled', dueMs: owner.nowMs + 9_000 })
    for (const { load, ids } of effectsOf(owner.effects, 'LookUpJobs')) {
      owner.tell({ type: 'JobsLookedUp', nowMs: owner.nowMs, load, ids, jobs: [record] })
    }
    owner.commit()
    looksUp(owner, { ...record, state: 'cancelled' })
    expect(effectsOf(owner.effects, 'AnswerCancel').map(({ outcome }) => outcome)).toEqual([
      'cancelled',
      'settled',
    ])
    expect(owner.groups.flatMap(({ mutations }) => mutations)).toHaveLength(1)
  })
})

describe('a cancel during the roll call', () => {
  it('wins over the claim of a worker that runs the job', () => {
    const owner = new AnOwner()
    owner.takesOver({ lastSequence: 1, phases: [{ phase: 0, ready: 1, scheduled: 0 }] })
    const token = { epoch: 0, nonce: 'before', sequence: 7 }
    const held = {
      token,
      jobId: 'job',
      phase: 0,
      attempt: 1,
      state: 'running',
      startedMs: 1,
    } as const
    const worker = owner.worker('a')
    worker.report({ held: [held], ping: 1 })
    const record = aJobRecord('job')
    looksUp(owner, record)
    owner.tell({ type: 'CancelRequested', nowMs: owner.nowMs, request: 'c', id: 'job' })
    looksUp(owner, record)
    owner.commit()
    owner.pass(2_000)
    expect(effectsOf(owner.effects, 'Abort')).toMatchObject([{ token, reason: 'superseded' }])
    expect(owner.owner.holderOf('job')).toBeUndefined()
  })
})

describe('the drain of a worker', () => {
  const drains = (owner: AnOwner, worker: string) =>
    owner.tell({ type: 'WorkerDrainRequested', nowMs: owner.nowMs, request: 'd', worker })

  const resumes = (owner: AnOwner, worker: string) =>
    owner.tell({ type: 'WorkerResumeRequested', nowMs: owner.nowMs, request: 'r', worker })

  it('is ordered once; nothing new is granted, what it has is finished', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a', { credit: 2 })
    owner.submitted('job')
    expect(drains(owner, 'a')).toMatchObject([
      { type: 'Drain', incarnation: 'a-1', order: 2 },
      { type: 'AnswerDrain', outcome: 'draining' },
    ])
    owner.submitted('more')
    worker.report({ through: 1 })
    expect(worker.grants().map(({ jobId }) => jobId)).toEqual(['job'])
    expect(owner.owner.status().workers).toMatchObject([{ state: 'leaving', running: 1 }])
    expect(drains(owner, 'a-1')).toMatchObject([{ type: 'AnswerDrain', outcome: 'draining' }])
    worker.finishes(worker.grant())
    expect(effectsOf(owner.commit(), 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
    expect(worker.grants()).toHaveLength(1)
  })

  it('is repeated when it has not arrived', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    drains(owner, 'a')
    owner.pass(1_000)
    const { ping = 0 } = effectsOf(owner.effects, 'Ping').at(-1) ?? {}
    expect(effectsOf(worker.report({ ping, through: 0 }), 'Drain')).toMatchObject([{ order: 1 }])
    owner.pass(1_000)
    expect(effectsOf(worker.report({ ping: ping + 1, through: 1 }), 'Drain')).toEqual([])
  })

  it('waits for the first connection, before which orders do not count', () => {
    const owner = new AnOwner()
    const { nowMs } = owner
    const incarnation = 'a-1'
    const info = {
      ...{ id: 'a', incarnation, address: 'tcp://a:1', jobType: 'cut', concurrency: 1 },
      ...{ host: 'a', pid: 1, version: '1' },
    }
    owner.tell({ type: 'WorkerAnnounced', nowMs, info })
    expect(effectsOf(drains(owner, 'a'), 'Drain')).toEqual([])
    const connected = owner.tell({ type: 'WorkerConnected', nowMs, incarnation })
    expect(connected).toMatchObject([
      { type: 'OpenStream', nextOrder: 1 },
      { type: 'Drain', order: 1 },
    ])
  })

  it('can be taken back: the worker is granted jobs again once it says that it stays', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a', { credit: 2 })
    owner.submitted('job')
    drains(owner, 'a')
    worker.report({ through: 2, leaving: true, credit: 0 })
    expect(resumes(owner, 'a')).toMatchObject([
      { type: 'Resume', incarnation: 'a-1', order: 3 },
      { type: 'AnswerDrain', outcome: 'resumed' },
    ])
    owner.submitted('more')
    expect(worker.grants()).toHaveLength(1)
    worker.report({ through: 3, leaving: false, credit: 2 })
    expect(worker.grants().map(({ jobId }) => jobId)).toEqual(['job', 'more'])
    expect(effectsOf(resumes(owner, 'a'), 'Resume')).toEqual([])
  })

  it('can be taken back by an owner that did not order it', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    worker.report({ leaving: true, credit: 0 })
    expect(effectsOf(resumes(owner, 'a'), 'Resume')).toHaveLength(1)
    owner.pass(1_000)
    const { ping = 0 } = effectsOf(owner.effects, 'Ping').at(-1) ?? {}
    expect(effectsOf(worker.report({ ping, through: 0 }), 'Resume')).toMatchObject([{ order: 1 }])
  })

  it('of a worker that is not there is answered so', () => {
    expect(drains(new AnOwner(), 'nobody')).toEqual([
      { type: 'AnswerDrain', request: 'd', outcome: 'notFound' },
    ])
  })
})
