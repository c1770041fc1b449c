/**
 * I7: a second grant only after a failure, a release, a revoke or the loss of the worker. A new owner does
 * not grant what an earlier one may have granted before its roll call has closed, nor, later, what is noted
 * as running with a process that is at it still and was never lost.
 */
import { defaultLimits } from '../../src/core/limits.ts'
import { tokenText } from '../../src/core/token.ts'
import type { Books } from '../books.ts'
import type { CheckedWorld } from '../checked-world.ts'
import { Violation, type Checker } from '../checker.ts'

export function secondGrants(world: CheckedWorld, books: Books): Checker {
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
        if (book.waitedAtTakeover.get(jobId) !== phase) continue
        const isEarly = event.nowMs < book.takenMs + defaultLimits.rollCallMs
        if (isEarly && !book.notedAtTakeover.has(jobId)) {
          throw new Violation('I7', `${jobId}/${phase} granted before the roll call has closed`)
        }
        const noted = world.store.isOwner(owner) ? world.store.find([jobId])[0]?.running : undefined
        if (noted === undefined || book.lostWith.has(noted.incarnation)) continue
        // It has been given again since, or what ended it is on its way into the store.
        if (book.newest.has(jobId) || (book.uncommitted.get(jobId) ?? 0) > 0) continue
        if (world.isRunning(noted.incarnation, noted.token)) {
          throw new Violation('I7', `${jobId} is noted and running with ${noted.worker}`)
        }
      }
    },
  }
}
