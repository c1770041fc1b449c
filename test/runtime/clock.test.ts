/** The clock of the shells goes on evenly, whatever somebody does to the clock on the wall. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/runtime/clock.ts'

const hourMs = 3_600_000
const wall = Date.now

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the clock of the shells', () => {
  it.each([
    ['forward', hourMs],
    ['back', -hourMs],
  ])('does not notice that the wall clock is set %s by an hour', (_where, by) => {
    const before = systemClock.nowMs()
    vi.spyOn(Date, 'now').mockImplementation(() => wall() + by)
    const after = systemClock.nowMs()
    expect(after - before).toBeGreaterThanOrEqual(0)
    expect(after - before).toBeLessThan(hourMs / 2)
  })

  it('never goes back, and counts whole milliseconds', () => {
    const times = Array.from({ length: 1_000 }, () => systemClock.nowMs())
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.every(Number.isInteger)).toBe(true)
  })
})
