/**
 * I3, as the worker is told: `applied` and `duplicate` when the token's result is in the store, `gone` when
 * the store says that the job is settled or absent, `stale` never of the token that is alive.
 */
import type { Result } from '../../src/core/event.ts'
import { isSettled } from '../../src/core/job-transitions.ts'
import { tokenText } from '../../src/core/token.ts'
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'
import type { CheckedWorld } from '../checked-world.ts'

export function answersAreTrue(world: CheckedWorld, books: Books): Checker {
  const results = new Map<string, Result>()
  const applied = new Set<string>()
  return {
    invariant: 'I3',
    onStep(_owner, event) {
      if (event.type !== 'WorkerReported') return
      const { incarnation } = event.report
      for (const result of event.report.results)
        results.set(`${incarnation} ${result.entry}`, result)
    },
    onCommit({ changes }) {
      for (const { mutation } of changes) {
        if ('ended' in mutation && mutation.ended !== undefined) applied.add(mutation.ended.token)
      }
    },
    onEffect(owner, effect) {
      if (effect.type !== 'AnswerResult') return
      const result = results.get(`${effect.incarnation} ${effect.entry}`)
      if (result === undefined) throw new Violation('I3', `an answer to no result: ${effect.entry}`)
      const { answer } = effect
      if (result.outcome.type !== 'released') world.saw(answer)
      const token = tokenText(result.token)
      const record = world.store.find([result.jobId])[0]
      const isOpen = record !== undefined && !isSettled(record.state)
      const wrong =
        (answer === 'applied' && result.outcome.type !== 'released' && !applied.has(token)) ||
        (answer === 'duplicate' && !applied.has(token)) ||
        (answer === 'gone' && isOpen) ||
        (answer === 'stale' && books.live(owner, result.jobId)?.token === token)
      if (wrong) throw new Violation('I3', `${result.jobId}: ${token} was answered "${answer}"`)
    },
  }
}
