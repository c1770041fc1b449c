/** A short campaign, what failed before, and that a seed is a seed. Long campaigns: CONTRIBUTING.md. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Violation } from '../../sim/checker.ts'
import { profiles, type Knobs } from '../../sim/knobs.ts'
import { minimise } from '../../sim/minimise.ts'
import { knobsOf, simulate } from '../../sim/simulate.ts'
import { unseen } from '../../sim/sometimes.ts'

interface Regression {
  readonly story: string
  readonly seed: number
  readonly change: Partial<Knobs>
}

const regressions = JSON.parse(
  readFileSync(new URL('../../sim/regressions.json', import.meta.url), 'utf8'),
) as Regression[]

describe('400 worlds', () => {
  it('break no invariant, and are wild enough', { timeout: 120_000 }, () => {
    const seen = new Map<string, number>()
    for (let seed = 1; seed <= 400; seed++) {
      const outcome = simulate({ seed })
      if (outcome.violation !== undefined) throw new Error(`seed ${seed}: ${outcome.violation}`)
      for (const [what, count] of outcome.seen) seen.set(what, (seen.get(what) ?? 0) + count)
    }
    expect(unseen(seen)).toEqual([])
  })
})

describe('what failed before', () => {
  it.each(regressions)('holds now: $story', ({ seed, change }) => {
    expect(simulate({ seed, change }).violation?.message).toBeUndefined()
  })
})

describe('a seed', () => {
  it.each(profiles)('gives the same trace every time, profile %s', (profile) => {
    const traces = [1, 2].map(() => simulate({ seed: 11, profile, isTraced: true }))
    expect(traces[0]?.steps).toBeGreaterThan(100)
    expect(traces[0]?.traceHash).toBe(traces[1]?.traceHash)
    const other = simulate({ seed: 12, profile, isTraced: true })
    expect(other.traceHash).not.toBe(traces[0]?.traceHash)
  })

  it('that fails is made small, and still fails in the same way', () => {
    const fails = (failing: { seed: number; change?: Partial<Knobs> | undefined }) => {
      const { jobs, dropRate, phases } = knobsOf(failing)
      const violation = jobs >= 3 && dropRate > 0 ? new Violation('I4', `${phases}`) : undefined
      return { violation }
    }
    const failing = { seed: 7, change: { jobs: 24, dropRate: 0.3, reorders: true, phases: 3 } }
    const smallest = knobsOf(minimise(failing, fails))
    expect(smallest).toMatchObject({ jobs: 3, dropRate: 0.3, reorders: false, phases: 1 })
  })
})
