/** Late timers of a process that slept, and of one whose phases kept the loop. */
import { describe, expect, it } from 'vitest'
import { SleepWatch } from '../../src/worker/sleep-watch.ts'

function aWatch() {
  const now = { nowMs: 1_000, cpuMs: 50 }
  return { now, watch: new SleepWatch({ nowMs: () => now.nowMs, cpuMs: () => now.cpuMs }) }
}

describe('a late timer', () => {
  it('without use of the processor is time asleep', () => {
    const { now, watch } = aWatch()
    watch.armed(2_000)
    now.nowMs = 12_000
    now.cpuMs = 250
    expect(watch.fired(now.nowMs)).toBe(10_000)
  })

  it('of a loop that was kept busy is none', () => {
    const { now, watch } = aWatch()
    watch.armed(2_000)
    now.nowMs = 12_000
    now.cpuMs = 9_000
    expect(watch.fired(now.nowMs)).toBe(0)
  })

  it('that is a little late, or was never set, is none', () => {
    const { now, watch } = aWatch()
    expect(watch.fired(now.nowMs)).toBe(0)
    watch.armed(2_000)
    now.nowMs = 3_900
    expect(watch.fired(now.nowMs)).toBe(0)
  })
})
