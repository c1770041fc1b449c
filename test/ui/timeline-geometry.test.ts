/** Where the bars of a job's timeline stand. */
import { describe, expect, it } from 'vitest'
import type { AttemptView } from '../../src/dashboard/api-types.ts'
import { timelineOf } from '../../ui/src/drawing/timeline-geometry.ts'

const anAttempt = (over: Partial<AttemptView>): AttemptView => ({
  ...{ phase: 'encode', phaseIndex: 0, attempt: 1, worker: 'w', startedMs: 1_000, outcome: 'done' },
  ...over,
})
const kinds = (attempts: readonly AttemptView[], nowMs = 10_000) =>
  timelineOf({ enqueuedMs: 0, attempts }, nowMs).lanes.map(({ bars }) =>
    bars.map(({ segments }) => segments.map(({ kind }) => kind).join(' ')),
  )

describe('the timeline of a job', () => {
  it('shows how long an attempt was queued, ran, and had to wait for the next', () => {
    const attempts = [
      anAttempt({ readyMs: 0, endedMs: 2_000, outcome: 'failed', nextDueMs: 4_000 }),
      anAttempt({ attempt: 2, readyMs: 4_000, startedMs: 5_000, endedMs: 10_000 }),
    ]
    const { fromMs, toMs, lanes } = timelineOf({ enqueuedMs: 0, endedMs: 10_000, attempts }, 10_000)
    expect([fromMs, toMs, lanes.length]).toEqual([0, 10_000, 1])
    expect(lanes[0]?.bars.map(({ segments }) => segments)).toMatchObject([
      [
        { kind: 'queued', left: 0, width: 0.1 },
        { kind: 'running', left: 0.1, width: 0.1 },
        { kind: 'backoff', left: 0.2, width: 0.2 },
      ],
      [
        { kind: 'queued', left: 0.4, width: 0.1 },
        { kind: 'running', left: 0.5, width: 0.5 },
      ],
    ])
  })

  it('takes the next start for the end of a wait that nobody has noted', () => {
    const first = anAttempt({ endedMs: 2_000, outcome: 'failed' })
    const second = anAttempt({ attempt: 2, startedMs: 3_000, endedMs: 4_000 })
    expect(kinds([first, second])).toEqual([['running backoff', 'running']])
  })

  it('lets a run that goes on reach until now', () => {
    const attempts = [anAttempt({ outcome: 'running' })]
    const { toMs, lanes } = timelineOf({ enqueuedMs: 0, attempts }, 5_000)
    expect(toMs).toBe(5_000)
    expect(lanes[0]?.bars[0]?.segments).toMatchObject([{ kind: 'running', width: 0.8 }])
  })

  it('shows an attempt that never started as waiting only', () => {
    expect(kinds([anAttempt({ readyMs: 0, startedMs: 0, endedMs: 500, outcome: 'lost' })])).toEqual(
      [['queued']],
    )
  })

  it('has no negative width when clocks disagree', () => {
    const attempts = [anAttempt({ readyMs: 1_200, startedMs: 1_000, endedMs: 900 })]
    const { lanes } = timelineOf({ enqueuedMs: 1_100, endedMs: 1_300, attempts }, 1_300)
    for (const { left, width } of lanes[0]?.bars[0]?.segments ?? []) {
      expect(width).toBeGreaterThanOrEqual(0)
      expect(left).toBeGreaterThanOrEqual(0)
      expect(left + width).toBeLessThanOrEqual(1)
    }
  })

  it('keeps a run visible that was short in a long life', () => {
    const attempts = [anAttempt({ endedMs: 1_001 })]
    const { lanes } = timelineOf({ enqueuedMs: 0, endedMs: 86_400_000, attempts }, 86_400_000)
    expect(lanes[0]?.bars[0]?.segments[0]?.width).toBeGreaterThan(0.003)
  })

  it('has a lane for each phase, in order, also for those not reached', () => {
    const attempts = [anAttempt({ phase: 'b', phaseIndex: 1, endedMs: 2_000 })]
    const { lanes } = timelineOf({ enqueuedMs: 0, attempts, phases: ['a', 'b', 'c'] }, 2_000)
    expect(lanes.map(({ phase, bars }) => `${phase} ${bars.length}`)).toEqual(['a 0', 'b 1', 'c 0'])
  })

  it('has round marks, and not too many', () => {
    const { ticks } = timelineOf({ enqueuedMs: 0, endedMs: 31_000, attempts: [] }, 31_000)
    expect(ticks.map(({ atMs }) => atMs)).toEqual([0, 10_000, 20_000, 30_000])
  })
})
