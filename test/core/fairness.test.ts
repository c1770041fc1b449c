/** Who gets how much: equal workers equal shares, and nobody more than it asked for. */
import { describe, expect, it } from 'vitest'
import { seededRng } from '../../src/core/rng.ts'
import { AnOwner, type AWorker, type Grant } from './an-owner.ts'

interface Run {
  readonly grant: Grant
  readonly endsMs: number
}

interface Share {
  readonly worker: AWorker
  readonly credit: number
  readonly runs: Run[]
  seen: number
  done: number
}

function shareOf(worker: AWorker, credit: number): Share {
  return { worker, credit, runs: [], seen: 0, done: 0 }
}

/** Runs until everything is done: jobs take 50 to 150 ms, and whatever ends first is reported first. */
function runAll(owner: AnOwner, shares: readonly Share[], jobs: number): void {
  const rng = seededRng(7)
  for (let done = 0; done < jobs; done++) {
    for (const share of shares) begin(share, () => owner.nowMs + 50 + 100 * rng.next())
    const endOf = (share: Share) => Math.min(...share.runs.map(({ endsMs }) => endsMs))
    const next = shares.reduce((a, b) => (endOf(b) < endOf(a) ? b : a))
    const run = next.runs.find(({ endsMs }) => endsMs === endOf(next))
    if (run === undefined) throw new Error(`stands still after ${done}`)
    next.runs.splice(next.runs.indexOf(run), 1)
    next.done += 1
    owner.nowMs = run.endsMs
    next.worker.finishes(run.grant)
    owner.commit()
    owner.effects.splice(0, owner.effects.length - 50)
  }
}

function begin(share: Share, endMs: () => number): void {
  for (const grant of share.worker.grants()) {
    if (grant.order <= share.seen) continue
    share.seen = grant.order
    share.runs.push({ grant, endsMs: endMs() })
  }
  expect(share.runs.length).toBeLessThanOrEqual(share.credit)
}

describe('sharing', () => {
  it.each([1, 8])('gives two equal workers of %i slots equal shares of 1,000 jobs', (credit) => {
    const owner = new AnOwner()
    const shares = ['a', 'b'].map((name) => shareOf(owner.worker(name, { credit }), credit))
    owner.submitted(...numbered(1_000))
    runAll(owner, shares, 1_000)
    for (const { done } of shares) {
      expect(done).toBeGreaterThanOrEqual(476)
      expect(done).toBeLessThanOrEqual(524)
    }
  })

  it('fills slots in proportion, and never beyond the credit', () => {
    const owner = new AnOwner()
    const small = owner.worker('small', { credit: 2 })
    const large = owner.worker('large', { credit: 6 })
    owner.submitted(...numbered(4))
    expect([small.grants().length, large.grants().length]).toEqual([1, 3])
    owner.submitted(...numbered(100, 4))
    expect([small.grants().length, large.grants().length]).toEqual([2, 6])
  })

  it.each([{ credit: 0 }, { leaving: true }])('grants nothing to a worker with %j', (report) => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    worker.report(report)
    owner.submitted('job')
    expect(worker.grants()).toEqual([])
    worker.report()
    expect(worker.grants()).toHaveLength(1)
  })

  it('grants nothing to a silent worker until it reports again', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    for (const ms of [1_000, 1_000, 1_000, 1_000, 1_000]) owner.pass(ms)
    owner.submitted('job')
    expect(worker.grants()).toEqual([])
    worker.report()
    expect(worker.grants()).toHaveLength(1)
  })

  it('forgives silence that was the sleep of the owner itself', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a')
    owner.pass(1_000)
    owner.pass(60_000)
    owner.submitted('job')
    expect(worker.grants()).toHaveLength(1)
  })
})

function numbered(count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, n) => `job-${from + n}`)
}
