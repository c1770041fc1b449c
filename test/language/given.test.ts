// Absent stays absent: what is undefined is left out, and nothing else.
import { describe, expect, expectTypeOf, it } from 'vitest'
import { given } from '../../src/language/given.ts'

describe('given', () => {
  it('leaves out what is undefined, and keeps null, false, 0 and the empty text', () => {
    const values = given({ a: undefined, b: null, c: false, d: 0, e: '' })
    expect(Object.entries(values)).toEqual([
      ['b', null],
      ['c', false],
      ['d', 0],
      ['e', ''],
    ])
  })

  it('makes optional what may be undefined', () => {
    const values = given({ id: 'a', priority: undefined as number | undefined })
    expectTypeOf(values).toExtend<{ id: string; priority?: number }>()
    expect(values).toEqual({ id: 'a' })
  })
})
