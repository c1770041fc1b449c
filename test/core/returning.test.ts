/** A worker whose link was lost comes back as the same incarnation: its stream goes on. */
import { describe, expect, it } from 'vitest'
import { AnOwner, effectsOf, type AWorker } from './an-owner.ts'

function losesLink(owner: AnOwner, { incarnation }: AWorker): void {
  owner.tell({ type: 'WorkerLost', nowMs: owner.nowMs, incarnation, cause: 'linkLost' })
  owner.commit()
}

function returns(owner: AnOwner, { incarnation, info }: AWorker): void {
  const { nowMs } = owner
  owner.tell({ type: 'WorkerAnnounced', nowMs, info })
  owner.tell({ type: 'WorkerConnected', nowMs, incarnation })
}

describe('a worker that returns', () => {
  it('is granted jobs under numbers that it has not seen', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('1')
    worker.finishes(worker.grant())
    owner.commit()
    losesLink(owner, worker)
    returns(owner, worker)
    const open = effectsOf(owner.effects, 'OpenStream').at(-1)
    expect(open).toMatchObject({ nextOrder: 2, ping: 2 })
    owner.submitted('2')
    expect(worker.grants()).toHaveLength(1)
    // An echo of an earlier ping does not answer the roll call.
    worker.report({ info: worker.info, held: [], ping: 1 })
    expect(worker.grants()).toHaveLength(1)
    worker.report({ info: worker.info, held: [], ping: 2 })
    expect(worker.grant()).toMatchObject({ jobId: '2', order: 2 })
  })

  it('has the orders that did not reach it filled', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.submitted('1')
    expect(worker.grant().order).toBe(1)
    losesLink(owner, worker)
    returns(owner, worker)
    owner.submitted('2')
    const back = worker.report({ info: worker.info, held: [], ping: 2, through: 0 })
    expect(effectsOf(back, 'Skip')).toMatchObject([{ order: 1 }])
    expect(worker.grant()).toMatchObject({ jobId: '1', order: 2 })
  })

  it('still drains, and is told again', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.tell({ type: 'WorkerDrainRequested', nowMs: owner.nowMs, request: 'd', worker: 'a' })
    losesLink(owner, worker)
    returns(owner, worker)
    expect(effectsOf(owner.effects, 'Drain').map(({ order }) => order)).toEqual([1, 2])
    owner.submitted('job')
    worker.report({ info: worker.info, held: [], ping: 2, through: 0 })
    expect(worker.grants()).toEqual([])
  })
})
