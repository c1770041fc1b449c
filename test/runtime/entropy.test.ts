/** Ids must be unique, be UUIDs of version 7, and sort by the time of their making. */
import { describe, expect, it } from 'vitest'
import { validate, version } from 'uuid'
import { newJobId } from '../../src/runtime/entropy.ts'

describe('job ids', () => {
  const ids = Array.from({ length: 5_000 }, newJobId)

  it('are UUIDs of version 7', () => {
    expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true)
  })

  it('are all different and sort in the order of their making', () => {
    expect([...new Set(ids)].sort()).toEqual(ids)
  })

  it('differ in the bits that chance fills', () => {
    expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(ids.length)
  })
})
