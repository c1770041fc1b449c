/** I9: a message that is delivered twice counts once: no token's result is applied twice. */
import { Violation, type Checker } from '../checker.ts'

export function appliedOnce(): Checker {
  const applied = new Set<string>()
  return {
    invariant: 'I9',
    onCommit({ changes }) {
      for (const { mutation } of changes) {
        if (mutation.type === 'release' || !('ended' in mutation)) continue
        const { ended } = mutation
        if (ended === undefined || ended.outcome === 'cancelled' || ended.outcome === 'lost') continue
        if (applied.has(ended.token)) throw new Violation('I9', `${ended.token} was applied twice`)
        applied.add(ended.token)
      }
    },
  }
}
