/** I4: at most one completion per (job, phase), and the recorded result is the one of its token. */
import { Violation, type Checker } from '../checker.ts'
import { madeBy } from '../workload.ts'

export function oneCompletion(): Checker {
  const completions = new Map<string, string>()
  return {
    invariant: 'I4',
    onCommit({ changes }) {
      for (const { mutation, before } of changes) {
        const isDone = mutation.type === 'settle' && mutation.state === 'done'
        if (before === undefined || (mutation.type !== 'advance' && !isDone)) continue
        const { ended, instructions } = mutation
        const key = `${before.id}#${before.sequence}/${before.phase}`
        const earlier = completions.get(key)
        if (earlier !== undefined) {
          throw new Violation('I4', `${key} completed under ${earlier} and ${ended?.token}`)
        }
        completions.set(key, ended?.token ?? '')
        const maker = instructions && madeBy(instructions)
        if (maker?.token !== ended?.token || maker?.phase !== before.phase) {
          throw new Violation('I4', `${key}: the result of ${maker?.token} under ${ended?.token}`)
        }
      }
    },
  }
}
