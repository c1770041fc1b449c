/** Jobs that must run alone, after a second death: soon, and without idling workers for nothing. */
import { describe, expect, it } from 'vitest'
import { AnOwner } from './an-owner.ts'

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
})
