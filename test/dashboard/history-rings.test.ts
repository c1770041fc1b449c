/** Figures over minutes and hours: rings that never grow, with holes where nothing was known. */
import { describe, expect, it } from 'vitest'
import { historyOf, PipelineHistoryRings, spans, steps } from '../../src/dashboard/history-rings.ts'
import { percentile } from '../../src/dashboard/duration-percentile.ts'
import { ShardTotals, Totals } from '../../src/dashboard/shard-totals.ts'
import { durationBoundsMs } from '../../src/core/duration-counts.ts'
import { aSample, aShard } from './a-sample.ts'

describe('the rings of a pipeline', () => {
  it('give rates and percentiles of each step, and null where nothing is known', () => {
    const rings = new PipelineHistoryRings()
    const totals = new ShardTotals(durationBoundsMs.length)
    const startMs = 1_000_000_000_000
    for (let second = 0; second <= 20; second += 1) {
      rings.add(
        aSample(startMs + second * 1_000, totals, { stored: 10 * second, done: 5 * second }),
      )
    }
    const history = historyOf([{ name: 'video', rings }], '15m', startMs + 20_000)
    expect(history).toMatchObject({ stepMs: 5_000, fromMs: startMs + 20_000 - steps * 5_000 })
    const [video] = history.pipelines
    expect(video?.inPerSecond.slice(-5)).toEqual([null, 10, 10, 10, 10])
    expect(video?.donePerSecond.at(-1)).toBe(5)
    expect(video?.phases[0]?.p50Ms.at(-1)).toBe(1.5)
    expect(video?.inPerSecond).toHaveLength(steps)
  })

  it('forget what is older than their span, and never grow', () => {
    const rings = new PipelineHistoryRings()
    const totals = new ShardTotals(durationBoundsMs.length)
    const endMs = 1_000_000_000_000
    const hours = 8 * 3_600
    for (let second = 0; second <= hours; second += 20) {
      const atMs = endMs + (second - hours) * 1_000
      rings.add(aSample(atMs, totals, { stored: second, done: second }))
    }
    for (const span of ['1h', '6h'] as const) {
      const [video] = historyOf([{ name: 'video', rings }], span, endMs).pipelines
      expect(new Set(video?.inPerSecond), span).toEqual(new Set([1]))
      expect(video?.inPerSecond).toHaveLength(steps)
    }
    const later = historyOf([{ name: 'video', rings }], '15m', endMs + steps * spans['15m'])
    expect(new Set(later.pipelines[0]?.backlog)).toEqual(new Set([null]))
  })
})

describe('the totals of shards', () => {
  it('go on over a new owner, which counts from 0 again', () => {
    const totals = new ShardTotals(durationBoundsMs.length)
    totals.add([aShard({ stored: 10 })])
    totals.add([aShard({ stored: 15 })])
    const before = totals.add([aShard({ stored: 15 }), aShard({ stored: 1, shard: 1 })])
    const after = totals.add([aShard({ stored: 3, epoch: 2 })])
    expect(before.jobs('stored')).toBe(16)
    expect(after.jobs('stored')).toBe(19)
    expect(after.since(before).jobs('stored')).toBe(3)
  })
})

describe('a percentile', () => {
  it('lies within the bucket that has it', () => {
    expect(percentile([0, 0, 10], [1, 2, 4], 0.5)).toBe(3)
    expect(percentile([1, 0, 0, 0], [1, 2, 4], 0.5)).toBe(0.5)
  })

  it('is the last bound when it lies above all of them, and nothing of nothing', () => {
    expect(percentile([0, 0, 0, 5], [1, 2, 4], 0.95)).toBe(4)
    expect(percentile([0, 0, 0, 0], [1, 2, 4], 0.95)).toBeUndefined()
    expect(new Totals([], 3).counts(0, 'wait')).toEqual([])
  })
})
