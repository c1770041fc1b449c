/** I5: (phase, settled) never goes back, except by redrive. I6: the phases before the current one are done. */
import type { JobRecord } from '../../src/core/job.ts'
import { Violation, type MakeChecker } from '../checker.ts'

export const neverBack: MakeChecker = ({ spec }) => {
  const done = new Map<string, number>()
  const isOpen = (record: JobRecord) => record.state === 'ready' || record.state === 'scheduled'
  return {
    invariant: 'I5',
    onCommit({ changes }) {
      for (const { mutation, before, after } of changes) {
        if (before === undefined || after === undefined) continue
        const { id } = before
        if (!isOpen(before) && mutation.type !== 'redrive') {
          throw new Violation('I5', `${id} is ${before.state} and gets ${mutation.type}`)
        }
        if (after.phase < before.phase)
          throw new Violation('I5', `${id} goes back to an earlier phase`)
        const completes =
          mutation.type === 'advance' || (mutation.type === 'settle' && after.state === 'done')
        if (completes) done.set(id, (done.get(id) ?? 0) + 1)
        const count = done.get(id) ?? 0
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
