/**
 * I9: a message that is delivered twice, or late, counts once: no token is run twice, no token's result is
 * applied twice, and no worker begins an older grant of a job after a newer one.
 */
import { isNewer, parseToken } from '../../src/core/token.ts'
import { Violation, type Checker } from '../checker.ts'

export function appliedOnce(): Checker {
  const applied = new Set<string>()
  const run = new Set<string>()
  const newest = new Map<string, string>()
  return {
    invariant: 'I9',
    onRun({ token, jobId, incarnation }) {
      if (run.has(token)) throw new Violation('I9', `${incarnation} runs ${jobId} again: ${token}`)
      run.add(token)
      const key = `${incarnation} ${jobId}`
      const before = newest.get(key)
      if (before !== undefined && isOlder(token, before))
        throw new Violation('I9', `${incarnation} runs ${token} after ${before}`)
      newest.set(key, token)
    },
    onCommit({ changes }) {
      for (const { mutation } of changes) {
        if (mutation.type === 'release' || !('ended' in mutation)) continue
        const { ended } = mutation
        if (ended === undefined || ended.outcome === 'cancelled' || ended.outcome === 'lost')
          continue
        if (applied.has(ended.token)) throw new Violation('I9', `${ended.token} was applied twice`)
        applied.add(ended.token)
      }
    },
  }
}

/** Two owners of one epoch (after a failover) have tokens with no order between them. */
function isOlder(token: string, than: string): boolean {
  const [a, b] = [parseToken(token), parseToken(than)]
  if (a === undefined || b === undefined || !isNewer(b, a)) return false
  return a.epoch !== b.epoch || a.nonce === b.nonce
}
