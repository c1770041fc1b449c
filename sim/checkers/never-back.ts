/** I5: (phase, settled) never goes back, except by redrive. I6: the phases before the current one are done. */
import { isSettled } from '../../src/core/job-transitions.ts'
import type { MakeChecker } from '../checked-world.ts'
import { Violation } from '../checker.ts'

export const neverBack: MakeChecker = ({ spec }) => {
  /** Phases that are done, by sequence: an id may come again after it was discarded. */
  const done = new Map<number, number>()
  return {
    invariant: 'I5',
    onCommit({ changes }) {
      for (const { mutation, before, after } of changes) {
        if (before === undefined || after === undefined) continue
        const { id, sequence } = before
        if (isSettled(before.state) && mutation.type !== 'redrive') {
          throw new Violation('I5', `${id} is ${before.state} and gets ${mutation.type}`)
        }
        if (after.phase < before.phase)
          throw new Violation('I5', `${id} goes back to an earlier phase`)
        const completes =
          mutation.type === 'advance' || (mutation.type === 'settle' && after.state === 'done')
        if (completes) done.set(sequence, (done.get(sequence) ?? 0) + 1)
        const count = done.get(sequence) ?? 0
        const expected = after.state === 'done' ? spec.phases.length : after.phase
        if (count !== expected) {
          throw new Violation(
            'I6',
            `${id} is ${after.state} in phase ${after.phase}, ${count} are done`,
          )
        }
      }
    },
  }
}
