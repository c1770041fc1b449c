/** Jobs that must run alone, after a second death: soon, and without idling workers for nothing. */
import { describe, expect, it } from 'vitest'
import type { JobRecord } from '../../src/core/job.ts'
import { aJobRecord } from './a-job.ts'
import { AnOwner, effectsOf } from './an-owner.ts'

/** Two workers in a row die while they hold these jobs. */
function diesTwiceWith(owner: AnOwner, ...ids: readonly string[]): void {
  for (const name of ['first victim', 'second victim']) {
    const victim = owner.worker(name, { credit: ids.length })
    if (name === 'first victim') owner.submitted(...ids)
    victim.holds(...victim.grants())
    victim.dies()
    owner.commit()
  }
}

/** A dead job that killed its workers in this phase. */
function aPoisonJob(id: string, phase: number): JobRecord {
  return aJobRecord(id, { state: 'dead', phase, sequence: 100 + phase, suspect: true, crashes: 3 })
}

function redrivesPoison(owner: AnOwner, ...jobs: readonly JobRecord[]): void {
  const { nowMs } = owner
  const ids = jobs.map(({ id }) => id)
  const asked = owner.tell({ type: 'RedriveRequested', nowMs, request: 'redrive', ids })
  const load = effectsOf(asked, 'LookUpJobs')[0]?.load ?? 0
  owner.tell({ type: 'JobsLookedUp', nowMs, load, ids, jobs })
  owner.commit()
}

describe('a job that must run alone', () => {
  it('runs on every idle worker, one each', () => {
    const owner = new AnOwner({ retry: { crashes: 3 } })
    diesTwiceWith(owner, 'x', 'y')
    const a = owner.worker('a')
    owner.commit()
    const b = owner.worker('b')
    owner.commit()
    expect([a.grants().length, b.grants().length]).toEqual([1, 1])
  })

  it('no longer keeps a worker from new grants once it is cancelled', () => {
    const owner = new AnOwner()
    const busy = owner.worker('busy', { credit: 2 })
    owner.submitted('long')
    busy.report({ credit: 1 })
    diesTwiceWith(owner, 'job')
    busy.report()
    owner.tell({ type: 'CancelRequested', nowMs: owner.nowMs, request: 'c', id: 'job' })
    owner.commit()
    owner.submitted('next')
    expect(busy.grants().map((g) => g.jobId)).toEqual(['long', 'next'])
  })

  it('goes to an idle worker that joins while a busy one is being emptied for it', () => {
    const owner = new AnOwner()
    const busy = owner.worker('busy', { credit: 2 })
    owner.submitted('long')
    busy.report({ credit: 1 })
    diesTwiceWith(owner, 'job')
    busy.report()
    const idle = owner.worker('idle')
    owner.commit()
    expect(idle.grants().map((g) => g.jobId)).toEqual(['job'])
  })

  it('gets its worker also when one of another phase of the same class has been waiting for that', () => {
    const owner = new AnOwner({ chain: ['cut', 'encode', 'cut'], retry: { crashes: 3 } })
    const cutter = owner.worker('cutter', { credit: 2 })
    owner.submitted(...Array.from({ length: 20 }, (_, n) => `ordinary-${n}`))
    redrivesPoison(owner, aPoisonJob('first', 0), aPoisonJob('second', 2))
    for (let ended = 0; ended < 5; ended++) {
      const grant = cutter.grants()[ended]
      if (grant !== undefined) cutter.finishes(grant)
      owner.commit()
    }
    const jobs = cutter.grants().map(({ jobId }) => jobId)
    const both = ['ordinary-0', 'ordinary-1', 'first', 'second']
    expect(jobs).toEqual([...both, 'ordinary-2', 'ordinary-3', 'ordinary-4'])
  })
})
