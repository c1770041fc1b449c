/** Time as the shells read it; the core gets it in events. */

/** What tells the time. */
export interface Clock {
  /** Milliseconds since 1970, whole; never goes back within a process. */
  nowMs(): number
}

/** Wall clock of the start plus monotonic time since: steps of the wall clock do not move deadlines. */
export const systemClock: Clock = {
  nowMs: () => Math.floor(originMs + performance.now()),
}

/**
 * Milliseconds since 1970 as the machine has them now, for what another machine compares with its own: a clock that
 * was wrong when this process began, or slept with its machine, is right here once it was set.
 */
export function wallMs(): number {
  return Date.now()
}

const originMs = Date.now() - performance.now()
