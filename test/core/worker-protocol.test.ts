/** The worker's side: grants are taken once and acknowledged first, results are sent until answered. */
import { describe, expect, it } from 'vitest'
import type { WorkerEffect } from '../../src/core/worker-event.ts'
import { aGrant, aToken, AWorkerProtocol, only, reports, results } from './a-worker-protocol.ts'

describe('a stream', () => {
  it('is answered at once with who is here and what is held', () => {
    const worker = new AWorkerProtocol()
    expect(reports(worker.opened({ ping: 4 }))).toMatchObject([
      { stream: 'nonce-1', number: 1, credit: 1, ping: 4, through: 0, held: [], leaving: false },
    ])
  })

  it('for another incarnation is answered with who is here instead, to that manager', () => {
    const worker = new AWorkerProtocol()
    const [introduction, ...more] = worker.opened({ incarnation: 'before', pull: 'tcp://other:1' })
    expect(introduction).toMatchObject({
      ...{ type: 'Introduce', pull: 'tcp://other:1' },
      report: { incarnation: 'a-1', insteadOf: 'before', stream: '', info: { incarnation: 'a-1' } },
    })
    expect(more).toEqual([])
  })

  it('for another incarnation is answered again while it goes on, once a beat', () => {
    const worker = new AWorkerProtocol()
    worker.opened({ incarnation: 'before', pull: 'tcp://other:1', stream: 'other' })
    const misled = { incarnation: 'before', stream: 'other' }
    expect(worker.receives([aGrant(1, 'job')], misled)).toEqual([])
    worker.pass(1_000)
    expect(worker.receives([aGrant(1, 'job')], misled)).toMatchObject([
      { type: 'Introduce', pull: 'tcp://other:1', report: { insteadOf: 'before' } },
    ])
    expect(worker.receives([], misled)).toEqual([])
    worker.pass(1_000)
    expect(worker.receives([], { ...misled, stream: 'unheard of' })).toEqual([])
    expect(worker.receives([], { ...misled, incarnation: 'unheard of' })).toEqual([])
  })

  it('for others is remembered of a few managers only', () => {
    const worker = new AWorkerProtocol()
    for (let n = 0; n < 1_000; n++) worker.opened({ incarnation: 'before', stream: `${n}` })
    worker.pass(1_000)
    const introductions = Array.from({ length: 1_000 }, (_, n) =>
      worker.receives([], { incarnation: 'before', stream: `${n}` }),
    ).filter(({ length }) => length > 0)
    expect(introductions.length).toBeLessThanOrEqual(16)
  })

  it('of an older owner is no longer listened to', () => {
    const worker = new AWorkerProtocol()
    worker.opened({ epoch: 2, stream: 'nonce-2' })
    expect(worker.opened({ epoch: 1 })).toEqual([])
    expect(worker.receives([aGrant(1, 'job')])).toEqual([])
  })

  it('goes on where it was left for another owner of its epoch', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const grant = aGrant(1, 'job')
    worker.receives([grant])
    worker.ends(grant)
    worker.opened({ stream: 'nonce-2' })
    expect(reports(worker.opened())[0]).toMatchObject({ stream: 'nonce-1', through: 1 })
    expect(only(worker.receives([grant]), 'StartRun')).toEqual([])
  })

  it('is remembered beside those of a few owners of its epoch only', () => {
    const worker = new AWorkerProtocol()
    const through = (stream: string) => reports(worker.opened({ stream }))[0]?.through
    const first = aGrant(1, 'job')
    for (let n = 0; n < 1_000; n++) {
      worker.opened({ stream: `${n}` })
      worker.receives([{ ...first, type: 'skip' }], { stream: `${n}` })
    }
    expect([through('990'), through('0')]).toEqual([1, 0])
  })

  it('has its beat in place of a hello, which is for everybody else', () => {
    const worker = new AWorkerProtocol()
    const told = (effects: readonly WorkerEffect[]) => [
      only(effects, 'SendReport').map(({ pull }) => pull),
      only(effects, 'SayHello').map(({ except }) => except),
    ]
    expect(told(worker.pass(0))).toEqual([[], [[]]])
    worker.opened()
    worker.opened({ shard: 1, stream: 'nonce-2', pull: 'tcp://n:1' })
    const doors = ['tcp://m:1', 'tcp://n:1']
    expect(told(worker.pass(1_000))).toEqual([doors, [doors]])
    expect(told(worker.tell('HelloWanted'))).toEqual([[], [[]]])
  })

  it('has its beat at a ping that comes in the second half of it, and then a whole beat later', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const beats = (effects: readonly WorkerEffect[]) =>
      reports(effects).flatMap(({ held, ping }) => (held === undefined ? [] : [ping]))
    expect(beats(worker.pass(0))).toEqual([1])
    worker.nowMs += 500
    expect(beats(worker.receives([], { ping: 2 }))).toEqual([])
    worker.nowMs += 1
    expect(beats(worker.receives([], { ping: 2 }))).toEqual([])
    expect(beats(worker.receives([], { ping: 3 }))).toEqual([3])
    expect(beats(worker.receives([], { ping: 4 }))).toEqual([])
    expect(beats(worker.pass(999))).toEqual([])
    expect(beats(worker.pass(1))).toEqual([4])
  })

  it('acknowledges with its beat, before what may block the loop', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    worker.pass(0)
    worker.nowMs += 900
    const effects = worker.receives([aGrant(1, 'job')], { ping: 2 })
    expect(effects.map(({ type }) => type)).toEqual(['SendReport', 'SayHello', 'StartRun'])
    expect(reports(effects)).toMatchObject([{ ping: 2, through: 1, held: [{ state: 'queued' }] }])
  })

  it('shares the credit with those of other owners', () => {
    const worker = new AWorkerProtocol({ concurrency: 4 })
    const toOwners = (effects: readonly WorkerEffect[]) =>
      reports(effects).map(({ shard, credit, number }) => ({ shard, credit, number }))
    expect(toOwners(worker.opened())).toEqual([{ shard: 0, credit: 4, number: 1 }])
    expect(toOwners(worker.opened({ shard: 1, stream: 'other' }))).toEqual([
      // All of it is lent, so the first has to hear of its lower limit first.
      { shard: 1, credit: 0, number: 1 },
      { shard: 0, credit: 2, number: 2 },
    ])
    expect(toOwners(worker.receives([], { seen: 1 }))).toEqual([])
    expect(toOwners(worker.receives([], { seen: 2 }))).toEqual([{ shard: 1, credit: 2, number: 2 }])
  })
})

describe('an order', () => {
  it('is acknowledged before its run starts', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const effects = worker.receives([aGrant(1, 'job')])
    expect(effects.map(({ type }) => type)).toEqual(['SendReport', 'StartRun'])
    expect(reports(effects)[0]).toMatchObject({ through: 1, also: [] })
    expect(effects[1]).toMatchObject({ pipeline: 'films', jobId: 'job', phase: 0, attempt: 1 })
  })

  it('that comes twice runs once', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    worker.receives([aGrant(1, 'job')])
    expect(worker.receives([aGrant(1, 'job')])).toEqual([])
    expect(worker.protocol.load.running).toBe(1)
  })

  it('behind a hole is acknowledged as such, until a skip fills the hole', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    expect(reports(worker.receives([aGrant(2, 'job')]))[0]).toMatchObject({ through: 0, also: [2] })
    const filled = worker.receives([{ type: 'skip', order: 1 }])
    expect(reports(filled)[0]).toMatchObject({ through: 2, also: [] })
  })

  it('under a newer token aborts the older run, whose end nobody hears of', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    const older = aGrant(1, 'job')
    const newer = aGrant(2, 'job')
    worker.receives([older])
    const effects = worker.receives([newer])
    expect(only(effects, 'AbortRun')).toEqual([
      { type: 'AbortRun', run: worker.run(older.token), reason: 'superseded' },
    ])
    expect(only(effects, 'StartRun')).toMatchObject([{ token: newer.token }])
    expect(results(worker.ends(older))).toEqual([])
    expect(results(worker.ends(newer))).toMatchObject([{ token: newer.token }])
  })

  it('under an older token than what runs is not begun', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    worker.receives([aGrant(1, 'job', { token: aToken(9) })])
    const effects = worker.receives([aGrant(2, 'job', { token: aToken(3) })])
    expect(effects.map(({ type }) => type)).toEqual(['SendReport'])
  })

  it('to abort stops a run, and gives back what only waits', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const [running, queued] = [aGrant(1, 'running'), aGrant(2, 'queued')]
    worker.receives([running, queued])
    const abort = { type: 'abort', reason: 'cancelled' } as const
    const back = results(worker.receives([{ ...abort, order: 3, token: queued.token }]))
    const effects = worker.receives([{ ...abort, order: 4, token: running.token }])
    expect(only(effects, 'AbortRun')).toMatchObject([{ reason: 'cancelled' }])
    const all = [...back, ...results(worker.ends(running))]
    expect(all.map(({ jobId, outcome }) => [jobId, outcome.type])).toEqual([
      ['queued', 'released'],
      ['running', 'done'],
    ])
  })
})

describe('a result', () => {
  it('is sent again after silence and on a new connection, until it is answered', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    worker.pass(0)
    const grant = aGrant(1, 'job')
    worker.receives([grant])
    expect(results(worker.ends(grant))).toMatchObject([{ entry: 1, jobId: 'job' }])
    expect(results(worker.pass(1_000))).toEqual([])
    expect(results(worker.pass(1_000))).toMatchObject([{ entry: 1 }])
    expect(results(worker.opened())).toMatchObject([{ entry: 1 }])
    worker.answered(1)
    expect(worker.protocol.load.unanswered).toBe(0)
    expect(results(worker.pass(60_000))).toEqual([])
    expect(results(worker.opened())).toEqual([])
  })

  it('goes to the new owner when the shard has one', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const grant = aGrant(1, 'job')
    worker.receives([grant])
    worker.ends(grant)
    const moved = worker.opened({ epoch: 2, stream: 'nonce-2', pull: 'tcp://n:1' })
    expect(results(moved)).toMatchObject([{ entry: 1, token: grant.token }])
    expect(reports(moved)[0]?.held).toMatchObject([{ jobId: 'job', state: 'finished' }])
    expect(only(moved, 'SendReport').every(({ pull }) => pull === 'tcp://n:1')).toBe(true)
  })

  it('takes the worker its credit when too many are unanswered', () => {
    const worker = new AWorkerProtocol({ outboxMax: 1 })
    worker.opened()
    const grant = aGrant(1, 'job')
    worker.receives([grant])
    expect(reports(worker.ends(grant)).at(-1)?.credit).toBe(0)
    worker.answered(1)
    expect(reports(worker.pass(1_000))[0]?.credit).toBe(1)
  })

  it('carries no more bytes in one message than a door takes, and forgets none of the results', () => {
    const worker = new AWorkerProtocol({ concurrency: 5, reportBytesMax: 100 })
    worker.opened()
    const grants = [1, 2, 3, 4, 5].map((order) => aGrant(order, `job-${order}`))
    worker.receives(grants)
    const sizes = [60, 60, 1, 300, 1]
    const ended = grants.map(({ token }, at) => ({
      run: worker.run(token),
      outcome: { type: 'done' as const, instructions: new Uint8Array(sizes[at] ?? 0) },
      durationMs: 100,
    }))
    const { nowMs } = worker
    worker.protocol.handle({ type: 'RunsEnded', nowMs, ended })
    const sent = worker.protocol.handle({ type: 'TurnEnded', nowMs })
    const entriesOf = (all: typeof sent) =>
      reports(all).map((report) => report.results.map(({ entry }) => entry))
    expect(entriesOf(sent)).toEqual([[1, 2], [3, 4], [5]])
    // All again, to the next owner.
    const again = worker.opened({ stream: 'nonce-2', epoch: 2 })
    expect(entriesOf(again).filter((entries) => entries.length > 0)).toEqual([[1, 2], [3, 4], [5]])
  })
})
