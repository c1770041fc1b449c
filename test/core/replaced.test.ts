/** A dead worker's address may get another process: a worker of ours, of other phases, of another pipeline. */
import { describe, expect, it } from 'vitest'
import type { WorkerInfo } from '../../src/core/event.ts'
import { AnOwner, effectsOf, type AWorker } from './an-owner.ts'

/** A worker that holds a job, and one that could take it. */
function aJobWithAWorker(options: ConstructorParameters<typeof AnOwner>[0] = {}) {
  const owner = new AnOwner(options)
  const first = owner.worker('first')
  owner.submitted('job')
  first.report()
  const second = owner.worker('second')
  owner.tell({ type: 'ObserversChanged', nowMs: owner.nowMs, observed: true })
  return { owner, first, second }
}

/** The connection broke, and somebody answers at the address. */
function comesBack(owner: AnOwner, { incarnation }: AWorker): void {
  const { nowMs } = owner
  owner.tell({ type: 'WorkerDisconnected', nowMs, incarnation })
  owner.tell({ type: 'WorkerConnected', nowMs, incarnation })
}

function strangerAt(address: string): WorkerInfo {
  return {
    ...{ id: 'stranger', incarnation: 'stranger-1', address, jobType: 'of another pipeline' },
    ...{ concurrency: 1, host: 'a', pid: 2, version: '0.1.0' },
  }
}

/** A hello; with `insteadOf`, because messages for another one came to its door. */
function hello(owner: AnOwner, info: WorkerInfo, insteadOf?: string): void {
  const report = {
    ...{ incarnation: info.incarnation, stream: '', number: 1, credit: 0, ping: 0, through: 0 },
    ...{ also: [], leaving: false, results: [], info },
    ...(insteadOf === undefined ? {} : { insteadOf }),
  }
  owner.tell({ type: 'WorkerReported', nowMs: owner.nowMs, report })
  owner.commit()
}

function losses(owner: AnOwner): readonly string[] {
  return effectsOf(owner.effects, 'Publish').flatMap(({ event }) =>
    event.type === 'workerLost' ? [`${event.worker} ${event.cause}`] : [],
  )
}

describe('a worker whose address another process has', () => {
  it('is replaced by a stranger that announces itself there', () => {
    const { owner, first, second } = aJobWithAWorker()
    comesBack(owner, first)
    hello(owner, strangerAt(first.info.address))
    expect(losses(owner)).toEqual(['first replaced'])
    expect(second.grant()).toMatchObject({ jobId: 'job', attempt: 1 })
    expect(owner.owner.status().workers.map(({ id }) => id)).toEqual(['second'])
  })

  it('is replaced by whoever got its messages, also under another name of the address', () => {
    const { owner, first, second } = aJobWithAWorker()
    comesBack(owner, first)
    hello(owner, strangerAt('tcp://other.name:1'), first.incarnation)
    expect(losses(owner)).toEqual(['first replaced'])
    expect(second.grant().jobId).toBe('job')
  })

  it('is replaced also when there is no room for more workers', () => {
    const { owner, first, second } = aJobWithAWorker({ limits: { workersMax: 2 } })
    comesBack(owner, first)
    hello(owner, { ...first.info, incarnation: 'first-2' }, first.incarnation)
    expect(second.grant().jobId).toBe('job')
    expect(owner.owner.status().workers).toHaveLength(2)
  })

  it('stays while it answers itself, whatever strangers say', () => {
    const { owner, first } = aJobWithAWorker()
    hello(owner, strangerAt(first.info.address), first.incarnation)
    hello(owner, first.info, first.incarnation)
    hello(owner, strangerAt('tcp://elsewhere:1'), 'nobody')
    expect(losses(owner)).toEqual([])
    expect(owner.owner.holderOf('job')).toBe('first')
  })
})
