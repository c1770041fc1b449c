/** Failures, deaths and releases: when a job is tried again, with whom, and at what charge. */
import { describe, expect, it } from 'vitest'
import { fenceOf } from '../../src/core/token.ts'
import { AnOwner, effectsOf, startMs, type AWorker } from './an-owner.ts'

describe('a failed phase', () => {
  it('is granted again after its delay, as attempt 2', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    expect(worker.fails(worker.grant())).toEqual([])
    expect(effectsOf(owner.commit(), 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'retry', attempts: 1, dueMs: startMs + 500, ended: { outcome: 'failed' } },
    ])
    expect(owner.owner.nextDeadlineMs).toBe(startMs + 500)
    owner.pass(499)
    expect(worker.grants()).toHaveLength(1)
    owner.pass(1)
    expect(worker.grant()).toMatchObject({ jobId: 'job', attempt: 2 })
  })

  it('is due when the worker says so', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    worker.fails(worker.grant(), 40)
    expect(owner.owner.nextDeadlineMs).toBe(startMs + 40)
  })

  it('is dead when its attempts are used up', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    worker.fails(worker.grant())
    owner.pass(500)
    owner.commit()
    worker.fails(worker.grant())
    expect(effectsOf(owner.commit(), 'TellSettled')).toMatchObject([{ state: 'dead' }])
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'settle', state: 'dead', deathReason: 'attempts', attempts: 2 },
    ])
  })

  it('is dead at once when the worker says `never`', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    worker.fails(worker.grant(), 'never')
    owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'settle', state: 'dead', deathReason: 'rejected', attempts: 1 },
    ])
  })

  it('counts its attempts per phase', () => {
    const owner = new AnOwner({ phases: 2 })
    const worker = owner.worker('a')
    const next = owner.worker('b', { phase: 1 })
    owner.submitted('job')
    worker.fails(worker.grant(), 0)
    owner.pass(0)
    owner.commit()
    worker.finishes(worker.grant())
    owner.commit()
    expect(next.grant().attempt).toBe(1)
  })
})

describe('the fence of a job', () => {
  it('grows with every grant: after a failure, a release, and the loss of a worker', () => {
    const owner = new AnOwner({ retry: { attempts: 9 } })
    const worker = owner.worker('a')
    owner.submitted('job')
    worker.fails(worker.grant(), 0)
    owner.commit()
    owner.pass(0)
    worker.ends(worker.grant(), { type: 'released', reason: 'drains' })
    owner.commit()
    worker.holds(worker.grant())
    worker.dies()
    owner.worker('b')
    owner.commit()
    const fences = effectsOf(owner.effects, 'Grant').map(({ token }) => fenceOf(token))
    expect(new Set(fences).size).toBe(4)
    expect(fences).toEqual(fences.toSorted())
  })
})

describe('a released job', () => {
  it('is granted again, uncharged and unwritten', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('job')
    const first = worker.grant()
    const written = owner.groups.length
    worker.ends(first, { type: 'released', reason: 'did not start in time' })
    owner.commit()
    expect(owner.groups).toHaveLength(written)
    expect(worker.grant()).toMatchObject({ jobId: 'job', attempt: 1, order: 2 })
    expect(worker.grant().token.sequence).toBeGreaterThan(first.token.sequence)
  })
})

describe('the death of a worker', () => {
  it('has its job granted elsewhere, once the release is durable', () => {
    const owner = new AnOwner()
    const victim = holderOf(owner, 'victim')
    const other = owner.worker('other')
    expect(victim.dies()).toEqual([])
    owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'release', suspect: true, crashes: 0, ended: { outcome: 'lost' } },
    ])
    expect(other.grant()).toMatchObject({ jobId: 'job', attempt: 1 })
  })

  it('is no charge to a job that had not reached it', () => {
    const owner = new AnOwner()
    const victim = owner.worker('victim')
    owner.submitted('job')
    const other = owner.worker('other')
    victim.dies()
    expect(owner.owner.nextGroup()).toBeUndefined()
    expect(other.grant().jobId).toBe('job')
  })

  it('is no charge either when it had said that it leaves: it was stopped, and took too long', () => {
    const owner = new AnOwner()
    const victim = holderOf(owner, 'victim')
    victim.report({ leaving: true, credit: 0 })
    victim.dies()
    owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'release', suspect: false, crashes: 0, ended: { outcome: 'lost' } },
    ])
  })

  it('for the second time has the job run alone', () => {
    const owner = new AnOwner()
    diesTwice(owner)
    const third = owner.worker('third', { credit: 2 })
    owner.commit()
    owner.submitted('more', 'and more')
    expect(third.grants().map(({ jobId }) => jobId)).toEqual(['job'])
    expect(owner.groups.flatMap(({ mutations }) => mutations)).toContainEqual(
      expect.objectContaining({ type: 'note', job: expect.objectContaining({ id: 'job' }) }),
    )
    third.finishes(third.grant())
    owner.commit()
    expect(third.grants().map(({ jobId }) => jobId)).toEqual(['job', 'more', 'and more'])
  })

  it('for the second time has a busy worker emptied for the job', () => {
    const owner = new AnOwner()
    const busy = owner.worker('busy', { credit: 2, phase: 0 })
    owner.submitted('long')
    busy.report({ credit: 1 })
    diesTwice(owner)
    owner.commit()
    busy.report()
    owner.submitted('later')
    expect(busy.grants().map(({ jobId }) => jobId)).toEqual(['long'])
    busy.finishes(busy.grant())
    owner.commit()
    expect(busy.grants().map(({ jobId }) => jobId)).toEqual(['long', 'job'])
  })

  it('alone with the job, as often as the pipeline allows, makes the job dead', () => {
    const owner = new AnOwner({ retry: { crashes: 1 } })
    diesTwice(owner)
    const third = owner.worker('third')
    owner.commit()
    third.holds(third.grant())
    third.dies()
    owner.commit()
    expect(owner.groups.at(-1)?.mutations).toMatchObject([
      { type: 'settle', state: 'dead', deathReason: 'crashed', crashes: 1 },
    ])
  })
})

/** A worker that has received the grant of `job`. */
function holderOf(owner: AnOwner, name: string): AWorker {
  const worker = owner.worker(name)
  owner.submitted('job')
  worker.holds(worker.grant())
  return worker
}

function diesTwice(owner: AnOwner): void {
  holderOf(owner, 'victim').dies()
  owner.commit()
  const second = owner.worker('second')
  second.holds(second.grant())
  second.dies()
  owner.commit()
}
