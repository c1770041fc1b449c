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

const originMs = Date.now() - performance.now()
