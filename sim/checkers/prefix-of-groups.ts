/** I11: what is applied of an owner is a prefix of its groups: in order, and only refused ones are left out. */
import type { MakeChecker } from '../checked-world.ts'
import { Violation } from '../checker.ts'

export const prefixOfGroups: MakeChecker = ({ store }) => {
  const last = new Map<string, number>()
  return {
    invariant: 'I11',
    onCommit({ group }) {
      const owner = group.id.slice(0, group.id.lastIndexOf('-'))
      let expected = (last.get(owner) ?? 0) + 1
      while (expected < group.number && store.refused.has(`${owner}-${expected}`)) expected += 1
      if (group.number !== expected) {
        throw new Violation('I11', `${owner} applies group ${group.number}, not ${expected}`)
      }
      last.set(owner, group.number)
    },
  }
}
