/**
 * The only place in the tests that sleeps. A test that waits for a fixed time is slow on a fast machine
 * and red on a slow one: wait for the thing itself.
 */

export interface UntilOptions {
  /** What is waited for, to complete "waited 5000 ms until …". */
  readonly what: string
  /** Default 5,000: far more than anything takes, far less than a test's own limit. */
  readonly timeoutMs?: number
}

const pollMs = 5

/**
 * Resolves with the first truthy answer of `condition`, asked every few milliseconds. A throw counts as
 * "not yet"; the last one is the `cause` when time is up.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 5_000 }: UntilOptions,
): Promise<NonNullable<T>> {
  const startedAt = performance.now()
  let last: unknown
  do {
    try {
      const answer = await condition()
      if (answer) return answer
      last = undefined
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  } while (performance.now() - startedAt < timeoutMs)

  throw new Error(
    `waited ${timeoutMs} ms until ${what}`,
    last === undefined ? undefined : { cause: last },
  )
}

/**
 * Kinds of timers and handles that are alive now and were not in `before` (an earlier
 * `process.getActiveResourcesInfo()`), one entry each. Take `before` in a `beforeEach` and expect
 * `[]` in the `afterEach`. ZeroMQ sockets do not show: their owners have to count them.
 */
export function leaks(before: readonly string[]): string[] {
  const known = [...before]
  return process.getActiveResourcesInfo().filter((kind) => {
    const index = known.indexOf(kind)
    if (index === -1) return true
    known.splice(index, 1)
    return false
  })
}
