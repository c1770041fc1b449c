/**
 * Tells when this process has slept (a suspended host, SIGSTOP) from when its phases kept the loop: both
 * make a timer late, but only a phase at work uses the processor. Looked at when a timer has fired.
 */
import { systemClock } from '../runtime/clock.ts'

/** A timer that is later than this is not just late. */
const lateMsMin = 2_000
/**
 * How old a look at the processor's time may be when a timer is set: a busy worker sets thousands a second, and
 * a look costs as much as a job. Little beside half of `lateMsMin`.
 */
const lookMsMax = 250

export interface SleepWatchParts {
  nowMs(): number
  /** Time on the processor so far, in milliseconds. */
  cpuMs(): number
}

const thisProcess: SleepWatchParts = {
  nowMs: () => systemClock.nowMs(),
  cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
}

export class SleepWatch {
  readonly #parts: SleepWatchParts
  #dueMs = Infinity
  #cpuMs = 0
  #lookedMs = -Infinity

  constructor(parts = thisProcess) {
    this.#parts = parts
  }

  /** A timer is set. */
  armed(dueMs: number): void {
    this.#dueMs = dueMs
    const nowMs = this.#parts.nowMs()
    if (nowMs >= this.#lookedMs && nowMs - this.#lookedMs < lookMsMax) return
    this.#lookedMs = nowMs
    this.#cpuMs = this.#parts.cpuMs()
  }

  /** It has fired, at this time: for how long the process has slept, 0 if it has not. */
  fired(nowMs: number): number {
    const lateMs = nowMs - this.#dueMs
    if (!(lateMs >= lateMsMin)) return 0
    return this.#parts.cpuMs() - this.#cpuMs < lateMs / 2 ? lateMs : 0
  }
}
