/**
 * The simulator is only worth what it notices: each deliberate bug in the core has to break an invariant.
 * Those that take thousands of seeds are hunted by `npm run mutants`, which runs all of them.
 */
import { describe, expect, it } from 'vitest'
import { hunt } from '../../scripts/mutants.mjs'
import { mutants } from '../../sim/mutants.mjs'

const rare: readonly string[] = [
  'an owner does not look at tokens of its epoch by another one',
  'a claim below the fence is adopted',
  'a job is adopted for a worker that is gone',
  'a result is judged by what the store said before the job changed',
]

describe('a mutant is noticed', () => {
  // Every other one: building each takes a second or two.
  const common = mutants.filter(({ name }) => !rare.includes(name)).filter((_, n) => n % 2 === 0)

  it('and enough of them are', () => {
    expect(common.length).toBeGreaterThanOrEqual(12)
  })

  it.each(common)('$name', { timeout: 60_000 }, async (mutant) => {
    const { seed, violation } = await hunt(mutant, 1_000)
    expect(seed, 'it survived 1,000 seeds').toBeDefined()
    expect(violation).toMatch(/^(I\d+|L\d|core|store|audit): /)
  })
})
