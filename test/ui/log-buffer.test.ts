/** A window on the newest lines that stands still while somebody reads. */
import { describe, expect, it } from 'vitest'
import type { LogLine } from '../../src/dashboard/api-types.ts'
import { fitsFilter } from '../../src/dashboard/log-filter.ts'
import { LogBuffer, shownMax } from '../../ui/src/log-buffer.ts'

let lastNumber = 0
const aLine = (over: Partial<LogLine> = {}): LogLine => ({
  ...{
    number: ++lastNumber,
    atMs: 0,
    pipeline: 'p',
    worker: 'w',
    phase: 'encode',
    jobId: 'j',
    level: 'info',
  },
  message: 'Frame written',
  ...over,
})
const lines = (count: number) => Array.from({ length: count }, (_, at) => aLine({ atMs: at }))

describe('the log buffer', () => {
  it('shows at most a thousand lines, the newest', () => {
    const buffer = new LogBuffer()
    buffer.add(lines(2_500))
    expect(buffer.shown.length).toBe(shownMax)
    expect(buffer.shown.at(-1)?.atMs).toBe(2_499)
  })

  it('does not move what is read, and counts what has come', () => {
    const buffer = new LogBuffer()
    buffer.add(lines(10))
    const before = buffer.shown
    buffer.hold()
    buffer.add(lines(20_000), 7)
    expect(buffer.shown).toEqual(before)
    expect([buffer.unseen, buffer.dropped]).toEqual([20_000, 7])
    buffer.release()
    expect([buffer.shown.length, buffer.unseen]).toEqual([shownMax, 0])
  })

  it('keeps a bounded number of lines to download', () => {
    const buffer = new LogBuffer()
    for (let round = 0; round < 50; round++) buffer.add(lines(1_000))
    expect(buffer.kept.length).toBeLessThanOrEqual(10_000)
  })

  it('has each line once and in its order when answers and streams overlap', () => {
    const all = lines(9)
    const buffer = new LogBuffer()
    const times = () => buffer.kept.map(({ atMs }) => atMs)
    for (const part of [all.slice(0, 3), all.slice(1, 4)]) buffer.add(part)
    expect(times()).toEqual([0, 1, 2, 3])
    // The stream has dropped the fifth.
    for (const part of [all.slice(5, 7), all, all.slice(2)]) buffer.add(part)
    expect(times()).toEqual([0, 1, 2, 3, 5, 6, 7, 8])
    buffer.clear()
    buffer.add([...all, aLine({ atMs: 9 })])
    expect(times()).toEqual([9])
  })

  it('is empty after it was cleared, also while it is held', () => {
    const buffer = new LogBuffer()
    buffer.add(lines(3), 2)
    buffer.hold()
    buffer.clear()
    expect([buffer.shown.length, buffer.unseen, buffer.dropped]).toEqual([0, 0, 0])
  })
})

describe('a filter of lines', () => {
  it('wants the phase and the job exactly, the level at least, the text anywhere in the message', () => {
    const line = aLine({ level: 'warn' })
    expect(fitsFilter(line, { phase: 'encode', job: 'j', level: 'info', text: 'fRAME' })).toBe(true)
    expect(fitsFilter(line, { phase: 'enc' })).toBe(false)
    expect(fitsFilter(line, { job: 'k' })).toBe(false)
    expect(fitsFilter(line, { level: 'error' })).toBe(false)
    expect(fitsFilter(line, { text: 'lost' })).toBe(false)
  })
})
