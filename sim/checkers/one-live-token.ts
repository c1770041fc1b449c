/** I2: a token names one grant for ever, and a job has at most one that is alive. */
import { tokenText } from '../../src/core/token.ts'
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'

export function oneLiveToken(books: Books): Checker {
  return {
    invariant: 'I2',
    onStep(_owner, _event, { effects }) {
      for (const effect of effects) {
        if (effect.type !== 'Grant') continue
        const token = tokenText(effect.token)
        const entry = books.tokens.get(token)
        if (entry === undefined) continue
        const { jobId, phase, incarnation } = effect
        const isSame =
          entry.jobId === jobId && entry.phase === phase && entry.incarnation === incarnation
        if (!isSame) throw new Violation('I2', `token ${token} names two grants`)
      }
    },
  }
}
