/** One table of deadlines: the earliest wakes, what is due is taken once. */
import { describe, expect, it } from 'vitest'
import { Timers } from '../../src/core/timers.ts'

describe('timers', () => {
  it('have no deadline until one is set', () => {
    const timers = new Timers()
    expect(timers.nextMs).toBeUndefined()
    expect(timers.takeDue(Number.MAX_SAFE_INTEGER)).toEqual([])
  })

  it('wake for the earliest', () => {
    const timers = new Timers()
    timers.set('beat', 300)
    timers.set('due', 100)
    timers.set('rollCall', 200)
    expect(timers.nextMs).toBe(100)
    timers.clear('due')
    expect(timers.nextMs).toBe(200)
  })

  it('give what is due, earliest first, and once', () => {
    const timers = new Timers()
    timers.set('rollCall', 200)
    timers.set('beat', 300)
    timers.set('due', 100)
    expect(timers.takeDue(99)).toEqual([])
    expect(timers.takeDue(200)).toEqual(['due', 'rollCall'])
    expect(timers.takeDue(200)).toEqual([])
    expect(timers.nextMs).toBe(300)
  })

  it('break ties by name, whatever the order in which they were set', () => {
    const timers = new Timers()
    for (const name of ['rollCall', 'due', 'beat'] as const) timers.set(name, 100)
    expect(timers.takeDue(100)).toEqual(['beat', 'due', 'rollCall'])
  })

  it('move with a later setting', () => {
    const timers = new Timers()
    timers.set('beat', 100)
    timers.set('beat', 500)
    expect(timers.takeDue(499)).toEqual([])
    expect(timers.takeDue(500)).toEqual(['beat'])
  })
})
