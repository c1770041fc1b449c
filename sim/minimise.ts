/**
 * Makes a failing world smaller: turns each knob to its calm value, and halves the numbers that make a
 * world large, as long as the same invariant breaks.
 */
import { calm, type Knobs, type Profile } from './knobs.ts'
import { knobsOf, simulate } from './simulate.ts'
import type { Violation } from './checker.ts'

interface Failing {
  readonly seed: number
  readonly profile?: Profile | undefined
  readonly change?: Partial<Knobs> | undefined
}

const sizes = ['jobs', 'phases', 'workersPerPhase', 'concurrencyMax', 'chaosMs'] as const

/** `run` says what comes of a world. */
export function minimise(
  failing: Failing,
  run: (failing: Failing) => { readonly violation: Violation | undefined } = simulate,
): Failing & {
  readonly change: Partial<Knobs>
  readonly violation: Violation
} {
  const { seed, profile } = failing
  const { violation } = run(failing)
  if (violation === undefined) throw new Error(`seed ${seed} does not fail`)
  let smallest = { seed, profile, change: failing.change ?? {}, violation }
  const attempt = (change: Partial<Knobs>): boolean => {
    const next = run({ seed, profile, change })
    if (next.violation?.invariant !== violation.invariant) return false
    smallest = { seed, profile, change, violation: next.violation }
    return true
  }
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false
    const knobs = knobsOf(smallest)
    for (const key of Object.keys(calm) as (keyof Knobs)[]) {
      if (knobs[key] === calm[key] || isSize(key)) continue
      isSmaller = attempt({ ...smallest.change, [key]: calm[key] }) || isSmaller
    }
    for (const key of sizes) {
      const value = knobsOf(smallest)[key]
      const half = key === 'chaosMs' ? Math.floor(value * 0.7) : Math.floor(value / 2)
      if (half >= 1 && value > 1) {
        isSmaller = attempt({ ...smallest.change, [key]: half }) || isSmaller
      }
    }
  }
  return smallest
}

function isSize(key: keyof Knobs): boolean {
  return (sizes as readonly string[]).includes(key)
}
