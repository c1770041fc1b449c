/** What an owner says of itself to people: figures of its phases, and what its workers have. */
import { describe, expect, it } from 'vitest'
import { durationBoundsMs, DurationCounter } from '../../src/core/duration-counts.ts'
import { AnOwner, bytes } from './an-owner.ts'

describe('durations', () => {
  it('are counted under the first bound that they do not exceed', () => {
    const counter = new DurationCounter()
    for (const ms of [-5, 0, 1, 1.5, 10, 11, 43_200_001]) counter.add(ms)
    const { counts, sumMs } = counter.read()
    const underOf = (ms: number) => counts[durationBoundsMs.findIndex((bound) => bound === ms)]
    expect(counts).toHaveLength(durationBoundsMs.length + 1)
    expect([underOf(1), underOf(2), underOf(10), underOf(20)]).toEqual([3, 1, 1, 1])
    expect(counts.at(-1)).toBe(1)
    expect(sumMs).toBe(0 + 0 + 1 + 1.5 + 10 + 11 + 43_200_001)
  })
})

describe('the status of a shard', () => {
  it('counts how attempts ended, how long they took and how long jobs waited', () => {
    const owner = new AnOwner({ phases: 2 })
    owner.submitted('one', 'two')
    owner.pass(70)
    const worker = owner.worker('a', { credit: 2 })
    const [one, two] = worker.grants()
    if (one === undefined || two === undefined) throw new Error('nothing was granted')
    owner.nowMs += 30
    const run = { startedMs: owner.nowMs - 30 }
    worker.ends(one, { type: 'done', instructions: bytes('{}') }, run)
    const error = { kind: 'thrown', name: 'Error', message: 'no' }
    worker.ends(two, { type: 'failed', error, retry: 'default' }, run)
    owner.commit()
    const [cut, encode] = owner.owner.status().phases
    expect(cut?.ended).toEqual({ done: 1, failed: 1, dead: 0, cancelled: 0, lost: 0 })
    expect(cut?.wait.sumMs).toBeGreaterThanOrEqual(2 * 70)
    expect(cut?.duration.sumMs).toBe(2 * 30)
    expect(encode?.ended.done).toBe(0)
  })

  it('tells since when the first in the line has been ready', () => {
    const owner = new AnOwner()
    expect(owner.owner.status().phases[0]?.oldestMs).toBe(0)
    const enqueuedMs = owner.nowMs
    owner.submitted('one')
    owner.nowMs += 500
    owner.submitted('two')
    expect(owner.owner.status().phases[0]?.oldestMs).toBe(enqueuedMs)
  })

  it('tells what a worker has, how it is, and how long its runs take', () => {
    const owner = new AnOwner()
    owner.submitted('one', 'two')
    const worker = owner.worker('a', { credit: 2 })
    const [one] = worker.grants()
    if (one === undefined) throw new Error('nothing was granted')
    owner.nowMs += 40
    worker.report({ health: { rssBytes: 1_000, loopLagMs: 3 } })
    const run = { startedMs: owner.nowMs - 40 }
    worker.ends(one, { type: 'done', instructions: bytes('{}') }, run)
    owner.commit()
    const [status] = owner.owner.status().workers
    expect(status?.jobs.map(({ id, attempt }) => [id, attempt])).toEqual([['two', 1]])
    expect(status).toMatchObject({ rssBytes: 1_000, loopLagMs: 3, durationMs: 40 })
    expect(status?.seenMs).toBe(owner.nowMs)
    expect(owner.owner.heldBy(status?.id ?? '')).toEqual(['two'])
    expect(owner.owner.heldBy('somebody else')).toEqual([])
  })
})

/** Of phases that were completed. */
const attemptsOf = ({ groups }: AnOwner) =>
  groups.flatMap(({ mutations }) =>
    mutations.flatMap((mutation) => (mutation.type === 'advance' ? mutation.ended : [])),
  )

describe('the history of a job', () => {
  it('says when the next try was due', () => {
    const owner = new AnOwner()
    owner.submitted('one')
    const worker = owner.worker('a')
    worker.fails(worker.grant(), 700)
    owner.commit()
    const ended = owner.groups.flatMap(({ mutations }) =>
      mutations.flatMap((mutation) => (mutation.type === 'retry' ? mutation.ended : [])),
    )
    expect(ended).toMatchObject([{ outcome: 'failed', retryMs: owner.nowMs + 700 }])
  })

  it.each([
    ['on time', { skewMs: 0, lateMs: 0 }],
    ['late, since no manager was there', { skewMs: 0, lateMs: 8_000 }],
    ['by a clock that is ahead', { skewMs: 60_000, lateMs: 5 }],
    ['by a clock that is behind', { skewMs: -60_000, lateMs: 5 }],
  ])('has the time that a run took, told %s', (_, { skewMs, lateMs }) => {
    const owner = new AnOwner({ phases: 2 })
    owner.submitted('one')
    const worker = owner.worker('a')
    const grantedMs = owner.nowMs
    owner.nowMs += 3_000 + lateMs
    const startedMs = grantedMs + skewMs
    const run = { startedMs, endedMs: startedMs + 3_000 }
    worker.ends(worker.grant(), { type: 'done', instructions: bytes('{}') }, run)
    owner.commit()
    const [ended] = attemptsOf(owner)
    expect(ended?.endedMs).toBe((ended?.startedMs ?? 0) + 3_000)
    expect(ended?.startedMs).toBeGreaterThanOrEqual(grantedMs)
    expect(ended?.endedMs).toBeLessThanOrEqual(owner.nowMs)
  })

  it('believes in no run that is longer than its job', () => {
    const owner = new AnOwner({ phases: 2 })
    owner.submitted('one')
    const enqueuedMs = owner.nowMs
    const worker = owner.worker('a')
    owner.nowMs += 50
    const run = { startedMs: 1, endedMs: 2 ** 50 }
    worker.ends(worker.grant(), { type: 'done', instructions: bytes('{}') }, run)
    owner.commit()
    expect(attemptsOf(owner)).toMatchObject([{ startedMs: enqueuedMs, endedMs: owner.nowMs }])
  })

  it('names what a phase has set, when its worker says so', () => {
    const owner = new AnOwner({ phases: 2 })
    owner.submitted('one')
    const worker = owner.worker('a')
    worker.ends(worker.grant(), { type: 'done', instructions: bytes('{}'), keys: ['uri'] })
    owner.commit()
    expect(attemptsOf(owner).map(({ keys }) => keys)).toEqual([['uri']])
  })
})
