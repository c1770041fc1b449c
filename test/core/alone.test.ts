/** Jobs that must run alone, after a second death: soon, and without idling workers for nothing. */
import { describe, expect, it } from 'vitest'
import { AnOwner } from './an-owner.ts'

describe('a job that must run alone', () => {
  it('runs on every idle worker, one each', () => {
    const owner = new AnOwner({ retry: { crashes: 3 } })
    for (const name of ['v1', 'v2']) {
      const victim = owner.worker(name, { credit: 2 })
      if (name === 'v1') owner.submitted('x', 'y')
      victim.holds(...victim.grants())
      victim.dies()
      owner.commit()
    }
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
    for (const name of ['v1', 'v2']) {
      const v = owner.worker(name)
      if (name === 'v1') owner.submitted('job')
      v.holds(v.grant())
      v.dies()
      owner.commit()
    }
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
    for (const name of ['v1', 'v2']) {
      const v = owner.worker(name)
      if (name === 'v1') owner.submitted('job')
      v.holds(v.grant())
      v.dies()
      owner.commit()
    }
    busy.report()
    const idle = owner.worker('idle')
    owner.commit()
    expect(idle.grants().map((g) => g.jobId)).toEqual(['job'])
  })
})
