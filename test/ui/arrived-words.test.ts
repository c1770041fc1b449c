/** “12 new — show” counts what has come, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrivedWords } from '../../ui/src/arrived-words.ts'

const ids = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, index) => `job-${from - index}`)

describe('how many jobs came', () => {
  it('is none as long as the same ones are found, whatever has left', () => {
    expect(arrivedWords(ids(50, 1), ids(50, 1), true)).toBe('')
    expect(arrivedWords(ids(50, 1), [...ids(50, 40), ...ids(38, 1), 'job-0'], true)).toBe('')
    expect(arrivedWords([], [], false)).toBe('')
  })

  it('is that of the ones before, also of those that come into a search in its midst', () => {
    expect(arrivedWords(ids(50, 1), ids(62, 13), true)).toBe('12')
    expect(arrivedWords(['c', 'a'], ['d', 'c', 'b', 'a'], false)).toBe('2')
    expect(arrivedWords([], ['a'], false)).toBe('1')
  })

  it('is at least a page when nothing known is left on it', () => {
    expect(arrivedWords(ids(50, 1), ids(150, 101), true)).toBe('50+')
    expect(arrivedWords([], ids(50, 1), true)).toBe('50+')
  })

  it('is exact for any number up to a page, whatever is removed meanwhile', () => {
    const removed = fc.uniqueArray(fc.integer({ min: 52, max: 100 }))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 49 }), removed, (came, gone) => {
        const known = ids(100, 51)
        const left = ids(100 + came, 1).filter((id) => !gone.some((one) => id === `job-${one}`))
        const newest = left.slice(0, 50)
        const expected = newest.filter((id) => Number(id.slice(4)) > 100).length
        fc.pre(newest.some((id) => known.includes(id)))
        expect(arrivedWords(known, newest, true)).toBe(expected === 0 ? '' : String(expected))
      }),
    )
  })
})
