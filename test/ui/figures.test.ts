/** The same figure looks the same on every page. */
import { describe, expect, it } from 'vitest'
import {
  counted,
  inWords,
  shortCount,
  shownAge,
  shownBytes,
  shownCount,
  shownDuration,
  shownPercent,
  shownRate,
} from '../../ui/src/figures.ts'

describe('a duration', () => {
  it.each([
    [0, '0 ms'],
    [0.4, '<1 ms'],
    [850, '850 ms'],
    [999.6, '1 s'],
    [4_230, '4.2 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_700, '1 min'],
    [185_000, '3 min 5 s'],
    [3_599_800, '1 h'],
    [7_800_000, '2 h 10 min'],
    [86_400_000, '1 d'],
    [273_600_000, '3 d 4 h'],
    [-5, '0 ms'],
  ])('of %d ms is shown as %s', (ms, shown) => {
    expect(shownDuration(ms)).toBe(shown)
  })

  it('that nobody knows is a dash', () => {
    expect(shownDuration(undefined)).toBe('–')
    expect(shownDuration(Number.NaN)).toBe('–')
  })
})

describe('an age', () => {
  it.each([
    [999, 'now'],
    [12_900, '12 s'],
    [119_000, '1 min'],
    [7_199_000, '1 h'],
    [200_000_000, '2 d'],
  ])('of %d ms is shown as %s', (ms, shown) => {
    expect(shownAge(ms)).toBe(shown)
  })
})

describe('a size', () => {
  it.each([
    [512, '512 B'],
    [1_536, '1.5 KiB'],
    [65_536, '64 KiB'],
    [5_033_165, '4.8 MiB'],
  ])('of %d bytes is shown as %s', (bytes, shown) => {
    expect(shownBytes(bytes)).toBe(shown)
  })
})

describe('a count', () => {
  it('has its thousands apart', () => {
    expect(shownCount(1_234_567)).toBe('1,234,567')
    expect(counted(1, 'job')).toBe('1 job')
    expect(counted(10_000, 'job')).toBe('10,000 jobs')
  })

  it('is short where there is little room', () => {
    expect(shortCount(9_999)).toBe('9,999')
    expect(shortCount(12_345)).toBe('12.3k')
    expect(shortCount(4_500_000)).toBe('4.5M')
  })

  it('a second is exact where it is small', () => {
    expect([0, 0.01, 0.34, 12.4].map(shownRate)).toEqual(['0', '<0.1', '0.3', '12'])
  })

  it('of a hundred never says 0 % for what has happened', () => {
    expect([0, 0.2, 33.4, undefined].map(shownPercent)).toEqual(['0 %', '<1 %', '33 %', '–'])
  })
})

describe('a name of the API', () => {
  it('is read as words', () => {
    expect(inWords('attemptsUsedUp')).toBe('attempts used up')
  })
})
