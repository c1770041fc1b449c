/** The life of a job, as its client and its workers see it: what leaves, and what waits for a commit. */
import { describe, expect, it } from 'vitest'
import type { JobRecord } from '../../src/core/job.ts'
import { tokenText } from '../../src/core/token.ts'
import { AnOwner, aSubmittedJob, bytes, effectsOf } from './an-owner.ts'

describe('a submitted job', () => {
  it('is answered and granted only after its group is committed', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    expect(owner.submit('job')).toEqual([])
    expect(worker.grants()).toEqual([])

    const effects = owner.commit()
    expect(effects.map(({ type }) => type)).toEqual(['AnswerClient', 'Grant'])
    expect(effects[0]).toMatchObject({
      request: 'request-1',
      items: [{ id: 'job', outcome: 'stored' }],
    })
    expect(worker.grant()).toMatchObject({ jobId: 'job', phase: 0, attempt: 1, order: 1 })
    expect(owner.owner.holderOf('job')).toBe('a')
  })

  it('is answered `full` when the store refuses its group, and later ones are stored', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submit('refused')
    expect(effectsOf(owner.refuseNextGroup(), 'AnswerClient')[0]?.items).toEqual([
      { id: 'refused', outcome: 'full' },
    ])
    expect(worker.grants()).toEqual([])
    owner.submitted('stored')
    expect(worker.grant().jobId).toBe('stored')
  })

  it.each([
    ['no id', aSubmittedJob(''), 'invalid'],
    ['a long id', aSubmittedJob('é'.repeat(65)), 'invalid'],
    ['half a character in its id', aSubmittedJob('a\ud83d'), 'invalid'],
    ['a wrong priority', aSubmittedJob('j', { priority: 11 }), 'invalid'],
    ['too many bytes', aSubmittedJob('j', { instructions: bytes('x'.repeat(11)) }), 'tooLarge'],
    ['an age beyond the limit', aSubmittedJob('j', { sentMs: 1 }), 'expired'],
  ])('with %s is refused at once', (_, job, outcome) => {
    const owner = new AnOwner({ limits: { jobBytesMax: 10 } })
    expect(effectsOf(owner.submit(job), 'AnswerClient')[0]?.items).toEqual([
      { id: job.id, outcome },
    ])
    expect(owner.owner.nextGroup()).toBeUndefined()
  })

  it('that does another again begins in the phase that it names', () => {
    const owner = new AnOwner({ phases: 2 })
    const encoder = owner.worker('encoder', { phase: 1 })
    const replay = { of: 'old', phase: 1 }
    owner.submitted(aSubmittedJob('new', { replay }))
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'insert', job: { id: 'new', phase: 1, replayOf: 'old' } },
    ])
    expect(encoder.grant()).toMatchObject({ jobId: 'new', phase: 1, attempt: 1 })
    const beyond = aSubmittedJob('beyond', { replay: { of: 'old', phase: 2 } })
    expect(effectsOf(owner.submit(beyond), 'AnswerClient')[0]?.items).toEqual([
      { id: 'beyond', outcome: 'invalid' },
    ])
  })

  it('is answered `busy` beyond the bound of waiting jobs, and while the owner drains', () => {
    const owner = new AnOwner({ limits: { waitingJobsMax: 2 } })
    const items = effectsOf(owner.submitted('1', '2', '3'), 'AnswerClient')[0]?.items
    expect(items?.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'busy'])

    const draining = new AnOwner()
    draining.tell({ type: 'DrainRequested', nowMs: draining.nowMs })
    expect(effectsOf(draining.submit('1'), 'AnswerClient')[0]?.items[0]?.outcome).toBe('busy')
  })
})

describe('a result that is done', () => {
  it('advances the job; its answer and the next grant wait for the commit', () => {
    const owner = new AnOwner({ phases: 2 })
    const cutter = owner.worker('cutter')
    const encoder = owner.worker('encoder', { phase: 1 })
    owner.submitted('job')
    expect(cutter.finishes(cutter.grant(), 'cut')).toEqual([])
    expect(encoder.grants()).toEqual([])

    const effects = owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([{ type: 'advance', toPhase: 1 }])
    expect(effects.map(({ type }) => type)).toEqual(['AnswerResult', 'Grant'])
    expect(effects[0]).toMatchObject({ entry: 1, answer: 'applied' })
    expect(encoder.grant()).toMatchObject({ phase: 1, attempt: 1, instructions: bytes('cut') })
  })

  it('settles the job in the last phase', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    expect(worker.finishes(worker.grant())).toEqual([])
    const effects = owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'settle', state: 'done', ended: { outcome: 'done', attempt: 1, worker: 'a' } },
    ])
    expect(effectsOf(effects, 'TellSettled')).toMatchObject([{ id: 'job', state: 'done' }])
    expect(owner.owner.isIdle).toBe(true)
  })
})

describe('a result that comes again', () => {
  it('is a duplicate while the job is in a later phase', () => {
    const owner = new AnOwner({ phases: 2 })
    const worker = owner.worker('a')
    owner.submitted('job')
    const grant = worker.grant()
    worker.finishes(grant)
    owner.commit()
    expect(worker.finishes(grant)).toMatchObject([{ type: 'AnswerResult', answer: 'duplicate' }])
    expect(owner.owner.nextGroup()).toBeUndefined()
  })

  it('is told `duplicate` only when the first delivery is durable', () => {
    const owner = new AnOwner({ phases: 2 })
    const worker = owner.worker('a')
    owner.submitted('job')
    const grant = worker.grant()
    worker.finishes(grant)
    expect(worker.finishes(grant)).toEqual([])
    expect(effectsOf(owner.commit(), 'AnswerResult').map(({ answer }) => answer)).toEqual([
      'applied',
      'duplicate',
    ])
  })

  it('is looked up in the store once the job has left memory', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    const grant = worker.grant()
    worker.finishes(grant)
    owner.commit()
    expect(worker.finishes(grant)).toEqual([
      { type: 'LookUpJobs', load: 1, ids: ['job'], isInTurn: false },
    ])
    const record = storedAs(owner, { state: 'done', applied: [tokenText(grant.token)] })
    const answer = { type: 'JobsLookedUp', nowMs: owner.nowMs, ids: ['job'] } as const
    expect(owner.tell({ ...answer, load: 1, jobs: [record] })).toMatchObject([
      { type: 'AnswerResult', entry: 2, answer: 'duplicate' },
    ])
    worker.finishes(grant)
    expect(owner.tell({ ...answer, load: 2, jobs: [] })).toMatchObject([{ answer: 'gone' }])
  })

  it('is stale when the job is with another worker by then', () => {
    const owner = new AnOwner()
    const first = owner.worker('first')
    owner.submitted('job')
    const grant = first.grant()
    const second = owner.worker('second')
    first.report()
    first.dies()
    owner.commit()
    expect(second.grant().jobId).toBe('job')
    expect(first.finishes(grant)).toMatchObject([{ type: 'AnswerResult', answer: 'stale' }])
    expect(owner.owner.holderOf('job')).toBe('second')
  })
})

function storedAs(owner: AnOwner, more: Partial<JobRecord>): JobRecord {
  const insert = owner.groups[0]?.mutations[0]
  if (insert?.type !== 'insert') throw new Error('the first group inserts the job')
  return { ...insert.job, ...more }
}
