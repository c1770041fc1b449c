/**
 * I7: a second grant only after a failure, a release, a revoke or the loss of the worker. A new owner does
 * not grant what an earlier one may have granted before its roll call has closed.
 */
import { defaultLimits } from '../../src/core/limits.ts'
import { tokenText } from '../../src/core/token.ts'
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'

export function secondGrants(books: Books): Checker {
  return {
    invariant: 'I7',
    onStep(owner, event, { effects }) {
      const book = books.of(owner)
      for (const effect of effects) {
        if (effect.type !== 'Grant' || !books.isNew(effect)) continue
        const { jobId, phase } = effect
        const live = books.live(owner, jobId)
        if (live !== undefined && live.phase === phase) {
          const token = tokenText(effect.token)
          throw new Violation('I7', `${jobId}: ${token} granted while ${live.token} is alive`)
        }
        const isEarly = event.nowMs < book.takenMs + defaultLimits.rollCallMs
        if (isEarly && book.waitedAtTakeover.get(jobId) === phase) {
          throw new Violation('I7', `${jobId}/${phase} granted before the roll call has closed`)
        }
      }
    },
  }
}
