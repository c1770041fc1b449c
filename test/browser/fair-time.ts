/**
 * Times on a machine that others use too. A limit means a machine of one's own: so it is measured, before and
 * after, how much longer than its processor time a piece of work takes by the clock, and the time is divided
 * by that.
 */
export interface FairTime {
  readonly clockMs: number
  /** Never more than `clockMs`. */
  readonly fairMs: number
}

const spinMs = 15

export async function fairTime(act: () => Promise<unknown>): Promise<FairTime> {
  const before = slowdown()
  const startedMs = performance.now()
  await act()
  return fair(performance.now() - startedMs, before)
}

/** The same for a time that was measured elsewhere just now. */
export function fair(clockMs: number, before = slowdown()): FairTime {
  const factor = Math.max(1, (before + slowdown()) / 2)
  return { clockMs, fairMs: clockMs / factor }
}

/** `120 ms (by the clock 480 ms)`. */
export function shownTime({ clockMs, fairMs }: FairTime): string {
  return `${Math.round(fairMs)} ms (by the clock ${Math.round(clockMs)} ms)`
}

function slowdown(): number {
  const startedMs = performance.now()
  const startedAt = process.cpuUsage()
  let usedMs = 0
  while (usedMs < spinMs) {
    const { user, system } = process.cpuUsage(startedAt)
    usedMs = (user + system) / 1_000
  }
  return (performance.now() - startedMs) / usedMs
}
