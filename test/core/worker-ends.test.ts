/** Time limits and the drain of a worker: how runs end that do not end by themselves. */
import { describe, expect, it } from 'vitest'
import { aGrant, AWorkerProtocol, done, only, reports, results } from './a-worker-protocol.ts'

describe('a run beyond its timeout', () => {
  const grant = aGrant(1, 'job', { timeoutMs: 500 })

  it('is aborted, and has failed', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    worker.receives([grant])
    expect(only(worker.pass(499), 'AbortRun')).toEqual([])
    expect(only(worker.pass(1), 'AbortRun')).toMatchObject([{ reason: 'timedOut' }])
    const outcome = { type: 'released', reason: 'aborted' } as const
    expect(results(worker.ends(grant, outcome))).toMatchObject([
      { outcome: { type: 'failed', retry: 'default', error: { kind: 'timedOut' } } },
    ])
  })

  it('keeps what it achieved in spite of the abort', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    worker.receives([grant])
    worker.pass(500)
    expect(results(worker.ends(grant, done))).toMatchObject([{ outcome: done }])
  })

  it('is stuck when it ignores the abort: told once, and its slot is gone', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    worker.receives([grant])
    worker.pass(500)
    const effects = worker.pass(5_000)
    expect(only(effects, 'RunStuck')).toMatchObject([{ jobId: 'job' }])
    expect(results(effects)).toMatchObject([{ outcome: { error: { kind: 'timedOut' } } }])
    expect(reports(effects).at(-1)?.credit).toBe(0)
    worker.answered(1)
    expect(results(worker.ends(grant))).toEqual([])
    expect(worker.protocol.load).toEqual({ running: 0, queued: 0, unanswered: 0, stuck: 0 })
  })
})

describe('a run that its owner has given up', () => {
  const grant = aGrant(1, 'job', { timeoutMs: 500 })
  const givenUp = { type: 'abort', order: 2, token: grant.token, reason: 'superseded' } as const

  it('has its slot until it ends, and then the owner is told that it is free', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    worker.receives([grant])
    expect(reports(worker.receives([givenUp])).at(-1)?.credit).toBe(1)
    expect(reports(worker.ends(grant))).toMatchObject([{ credit: 2, results: [] }])
  })

  it('is one also when it has been aborted before, for its time', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    worker.receives([grant])
    expect(only(worker.pass(500), 'AbortRun')).toMatchObject([{ reason: 'timedOut' }])
    const effects = worker.receives([givenUp])
    expect(only(effects, 'AbortRun')).toEqual([])
    expect(reports(effects).at(-1)?.credit).toBe(1)
    expect(reports(worker.pass(1_000)).at(-1)).toMatchObject({ held: [], credit: 1 })
    expect(reports(worker.ends(grant))).toMatchObject([{ credit: 2, results: [] }])
  })

  it('is stuck without another word when it ignores that, and its slot is gone once', () => {
    const worker = new AWorkerProtocol({ concurrency: 2 })
    worker.opened()
    worker.receives([grant])
    worker.receives([givenUp])
    const effects = worker.pass(5_000)
    expect(only(effects, 'RunStuck')).toMatchObject([{ jobId: 'job' }])
    expect(results(effects)).toEqual([])
    expect(reports(effects).at(-1)).toMatchObject({ credit: 1, stuck: 1 })
    expect(results(worker.ends(grant))).toEqual([])
    expect(reports(worker.pass(1_000)).at(-1)?.credit).toBe(2)
  })
})

describe('prefetched jobs', () => {
  it('are asked for after short runs, and given back when they do not start in time', () => {
    const worker = new AWorkerProtocol({ prefetch: { jobsMax: 2, windowMs: 50 } })
    worker.opened()
    for (const order of [1, 2, 3, 4]) {
      const grant = aGrant(order, `short-${order}`)
      worker.receives([grant])
      worker.ends(grant, done, 10)
    }
    const taken = worker.receives([aGrant(5, 'long'), aGrant(6, 'waits')])
    expect(reports(taken).at(-1)?.credit).toBe(3)
    worker.answered(1, 2, 3, 4)
    expect(results(worker.pass(1_000))).toMatchObject([
      { jobId: 'waits', startedMs: 0, outcome: { type: 'released' } },
    ])
    expect(reports(worker.pass(1_000))[0]?.credit).toBe(1)
  })
})

describe('a drain', () => {
  it('gives back what waits, takes no more, and ends when all is answered', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const running = aGrant(1, 'running')
    worker.receives([running, aGrant(2, 'queued')])
    const effects = worker.tell('DrainRequested')
    expect(reports(effects)[0]).toMatchObject({ leaving: true, credit: 0 })
    expect(results(effects)).toMatchObject([{ jobId: 'queued', outcome: { type: 'released' } }])
    const late = worker.receives([aGrant(3, 'late')])
    expect(only(late, 'StartRun')).toEqual([])
    expect(results(late)).toMatchObject([{ jobId: 'late', outcome: { type: 'released' } }])
    const last = worker.ends(running)
    expect(results(last).map(({ jobId }) => jobId)).toEqual(['running'])
    expect(only(last, 'Drained')).toEqual([])
    expect(only(worker.answered(1, 2), 'Drained')).toEqual([])
    expect(only(worker.answered(3), 'Drained')).toHaveLength(1)
    expect(only(worker.pass(1_000), 'Drained')).toEqual([])
  })

  it('of an idle worker ends at once', () => {
    const worker = new AWorkerProtocol()
    expect(only(worker.tell('DrainRequested'), 'Drained')).toHaveLength(1)
  })

  it('that is overdue aborts what runs; it is given back', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const grant = aGrant(1, 'job')
    worker.receives([grant])
    worker.tell('DrainRequested')
    expect(only(worker.tell('DrainOverdue'), 'AbortRun')).toMatchObject([{ reason: 'shutdown' }])
    const error = { kind: 'thrown', name: 'AbortError', message: 'aborted' }
    const ended = worker.ends(grant, { type: 'failed', error, retry: 'default' })
    expect(results(ended)).toMatchObject([{ outcome: { type: 'released' } }])
    expect(only(worker.answered(1), 'Drained')).toHaveLength(1)
  })

  it('does not wait for a run that ignores its abort', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    worker.receives([aGrant(1, 'job')])
    worker.tell('DrainRequested')
    worker.tell('DrainOverdue')
    expect(only(worker.pass(5_000), 'RunStuck')).toHaveLength(1)
    expect(only(worker.answered(1), 'Drained')).toHaveLength(1)
  })
})

describe('a drain that a manager orders', () => {
  it('gives back what has not started, finishes what runs, and is over when all is answered', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const running = aGrant(1, 'running')
    worker.receives([running, aGrant(2, 'waiting')])
    const ordered = worker.receives([{ type: 'drain', order: 3 }, aGrant(4, 'late')])
    expect(only(ordered, 'DrainOrdered')).toHaveLength(1)
    expect(reports(ordered).at(-1)).toMatchObject({ through: 4, leaving: true, credit: 0 })
    expect(results(ordered).map(({ jobId, outcome }) => [jobId, outcome.type])).toEqual([
      ['waiting', 'released'],
      ['late', 'released'],
    ])
    expect(only(ordered, 'AbortRun')).toEqual([])
    worker.ends(running)
    expect(only(worker.answered(1, 2), 'Drained')).toEqual([])
    expect(only(worker.answered(3), 'Drained')).toHaveLength(1)
  })

  it('is obeyed once', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const drain = { type: 'drain', order: 1 } as const
    const ordered = worker.receives([drain])
    expect(only(ordered, 'DrainOrdered')).toHaveLength(1)
    expect(only(ordered, 'Drained')).toHaveLength(1)
    expect(only(worker.receives([{ ...drain, order: 2 }]), 'DrainOrdered')).toEqual([])
  })

  it('has no deadline but those of the runs', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const grant = aGrant(1, 'long')
    worker.receives([grant])
    worker.receives([{ type: 'drain', order: 2 }])
    expect(only(worker.pass(59_000), 'AbortRun')).toEqual([])
    expect(results(worker.ends(grant))).toMatchObject([{ outcome: { type: 'done' } }])
    expect(only(worker.answered(1), 'Drained')).toHaveLength(1)
  })

  it('can be taken back until then: the worker takes jobs again', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    const running = aGrant(1, 'running')
    worker.receives([running])
    worker.receives([{ type: 'drain', order: 2 }])
    const resumed = worker.receives([{ type: 'resume', order: 3 }])
    expect(only(resumed, 'ResumeOrdered')).toHaveLength(1)
    expect(reports(resumed).at(-1)).toMatchObject({ through: 3, leaving: false, credit: 1 })
    worker.ends(running)
    expect(only(worker.answered(1), 'Drained')).toEqual([])
    expect(only(worker.receives([aGrant(4, 'next')]), 'StartRun')).toHaveLength(1)
    expect(only(worker.receives([{ type: 'drain', order: 5 }]), 'DrainOrdered')).toHaveLength(1)
  })

  it('that arrives after the order which took it back says nothing any more', () => {
    const worker = new AWorkerProtocol()
    worker.opened()
    expect(worker.receives([{ type: 'resume', order: 2 }])).not.toContainEqual({
      type: 'ResumeOrdered',
    })
    const late = worker.receives([{ type: 'drain', order: 1 }])
    expect(only(late, 'DrainOrdered')).toEqual([])
    expect(reports(late).at(-1)).toMatchObject({ through: 2, leaving: false })
  })

  it('is not taken back for a worker that stops, or has nothing left to do', () => {
    const stops = new AWorkerProtocol()
    stops.opened()
    stops.receives([aGrant(1, 'running')])
    stops.receives([{ type: 'drain', order: 2 }])
    stops.tell('DrainRequested')
    expect(reports(stops.receives([{ type: 'resume', order: 3 }])).at(-1)?.leaving).toBe(true)
    expect(only(stops.tell('DrainOverdue'), 'AbortRun')).toHaveLength(1)

    const idle = new AWorkerProtocol()
    idle.opened()
    idle.receives([{ type: 'drain', order: 1 }])
    expect(reports(idle.receives([{ type: 'resume', order: 2 }])).at(-1)?.leaving).toBe(true)
  })
})
