// Durations: every unit, and everything that is none.
import { describe, expect, it } from 'vitest'
import { durationMs } from '../../src/config/duration.ts'

describe('durationMs', () => {
  it.each<[unknown, number]>([
    [0, 0],
    [250, 250],
    [1.6, 2],
    ['250ms', 250],
    ['30s', 30_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5h', 5_400_000],
    ['10 m', 600_000],
    [' 5s', 5_000],
  ])('%s is %i ms', (value, ms) => {
    expect(durationMs(value, 'timeout')).toBe(ms)
  })

  it.each<[unknown, string]>([
    [-1, '-1'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [1e300, '1e+300'],
    ['10', '"10"'],
    ['10 m ago', '"10 m ago"'],
    [' m', '" m"'],
    ['-5s', '"-5s"'],
    ['1e3ms', '"1e3ms"'],
    ['ten minutes', '"ten minutes"'],
    ['', '""'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'true'],
    [{ ms: 5 }, 'an object'],
  ])('%j is refused with its value', (value, shown) => {
    expect(() => durationMs(value, 'retry.delay')).toThrow(
      expect.objectContaining({
        code: 'CT_BAD_OPTION',
        message: `retry.delay is ${shown}, which is no duration`,
        details: { option: 'retry.delay', value },
      }),
    )
  })
})
