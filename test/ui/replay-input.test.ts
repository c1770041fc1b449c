/** A replay sends what somebody has changed, and nothing that JSON would change on the way. */
import { describe, expect, it } from 'vitest'
import { changedNames, inputOf } from '../../ui/src/replay-input.ts'

describe('the input of a replay', () => {
  it('is offered without what phases have set, when that is known', () => {
    const all = { a: 1, b: 2, set: 3 }
    expect(inputOf(all, { inputKeys: ['b', 'a', 'gone'] })).toEqual({ a: 1, b: 2 })
    expect(inputOf(all, {})).toEqual(all)
  })

  it('is sent by the names that were changed or added', () => {
    const before = { same: { base64: 'AAE=' }, other: [1, 2], gone: 1 }
    const after = { same: { base64: 'AAE=' }, other: [1, 3], toString: 'new' }
    expect(changedNames(before, after)).toEqual({ other: [1, 3], toString: 'new' })
    expect(changedNames(before, before)).toEqual({})
  })
})
