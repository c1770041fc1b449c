/** A long pipeline is folded, and what matters stays in sight. */
import { describe, expect, it } from 'vitest'
import type { PhaseView } from '../../src/dashboard/api-types.ts'
import { phaseReason } from '../../ui/src/drawing/phase-reason.ts'
import { shownPhases } from '../../ui/src/drawing/shown-phases.ts'

const aPhase = (over: Partial<PhaseView> = {}): PhaseView => ({
  ...{ jobType: 'encode', perSecond: 1, duration: {}, wait: {}, waiting: 0, running: 0 },
  ...{ workers: 1, slots: 4, slotsFree: 0, paused: false, done: 0, failed: 0, isBottleneck: false },
  ...over,
})
const phases = (count: number, at: number, over: Partial<PhaseView>) =>
  Array.from({ length: count }, (_, index) => aPhase(index === at ? over : {}))
const shape = (some: readonly PhaseView[], isExpanded = false) =>
  shownPhases(some, isExpanded).map((one) =>
    one.kind === 'phase' ? one.index : `+${one.phases.length}`,
  )

describe('the drawing of a pipeline', () => {
  it('is whole when it is short, or when somebody has unfolded it', () => {
    expect(shape(phases(6, 0, {}))).toEqual([0, 1, 2, 3, 4, 5])
    expect(shape(phases(9, 0, {}), true)).toHaveLength(9)
  })

  it('keeps its ends, the bottleneck and what is in trouble', () => {
    expect(shape(phases(30, 12, { isBottleneck: true, trouble: 'busy' }))).toEqual([
      ...[0, '+11', 12, '+16', 29],
    ])
    expect(shape(phases(30, 5, { trouble: 'noWorkers' }))).toEqual([0, '+4', 5, '+23', 29])
  })

  it('keeps a bounded number of boxes when everything is in trouble', () => {
    const all = Array.from({ length: 40 }, () => aPhase({ trouble: 'paused' }))
    expect(shape(all).filter((one) => typeof one === 'number')).toHaveLength(4)
  })
})

describe('the reason of a phase', () => {
  it('says in words why work waits', () => {
    const nowMs = 100_000
    const waiting = { waiting: 240, oldestMs: 40_000 }
    const reason = (over: Partial<PhaseView>, inPerSecond = 1) =>
      phaseReason(aPhase(over), inPerSecond, nowMs)
    expect(reason({ trouble: 'noWorkers', ...waiting })).toBe(
      'No workers: 240 jobs wait, the first for 1 min.',
    )
    expect(reason({ trouble: 'paused' })).toBe('Paused by hand.')
    expect(reason({ trouble: 'failing', failPercent: 34 })).toBe('34 % of its attempts fail.')
    expect(reason({ trouble: 'busy' }, 3)).toBe(
      'All 4 slots are taken: 3.0/s come, 1.0/s are done.',
    )
    expect(reason({})).toBe('')
  })
})
