/** I10: a grant never takes a worker beyond the credit that it gave. */
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'

export function withinCredit(books: Books): Checker {
  return {
    invariant: 'I10',
    onStep(owner, _event, { effects }) {
      const now = new Map<string, number>()
      for (const effect of effects) {
        if (effect.type !== 'Grant' || !books.isNew(effect)) continue
        now.set(effect.incarnation, (now.get(effect.incarnation) ?? 0) + 1)
      }
      if (now.size === 0) return
      const { credit, newest } = books.of(owner)
      for (const [incarnation, granted] of now) {
        const before = [...newest.values()].filter(
          (entry) => entry.incarnation === incarnation && entry.ended === undefined,
        ).length
        const limit = credit.get(incarnation) ?? 0
        if (before + granted > limit) {
          throw new Violation(
            'I10',
            `${incarnation} has ${before + granted} grants, credit ${limit}`,
          )
        }
      }
    },
  }
}
