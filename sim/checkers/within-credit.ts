/** I10: a grant never takes a worker beyond the credit that it gave. */
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'

export function withinCredit(books: Books): Checker {
  return {
    invariant: 'I10',
    onStep(owner, _event, { effects }) {
      const granted = new Set<string>()
      for (const effect of effects) {
        if (effect.type === 'Grant' && books.isNew(effect)) granted.add(effect.incarnation)
      }
      if (granted.size === 0) return
      for (const incarnation of granted) {
        const credit = books.of(owner).credit.get(incarnation) ?? 0
        const before = [...books.of(owner).newest.values()].filter(
          (entry) => entry.incarnation === incarnation && entry.ended === undefined,
        ).length
        const now = effects.filter(
          (effect) =>
            effect.type === 'Grant' && effect.incarnation === incarnation && books.isNew(effect),
        ).length
        if (before + now > credit) {
          throw new Violation('I10', `${incarnation} has ${before + now} grants, credit ${credit}`)
        }
      }
    },
  }
}
