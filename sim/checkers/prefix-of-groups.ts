/** I11: what is applied under an epoch is a prefix of its groups: in order, and only refused ones are left out. */
import { Violation, type MakeChecker } from '../checker.ts'

export const prefixOfGroups: MakeChecker = ({ store }) => {
  const last = new Map<number, number>()
  return {
    invariant: 'I11',
    onCommit({ epoch, group }) {
      // Two owners may share an epoch after a failover: then the numbers begin anew.
      let expected = group.number === 1 ? 1 : (last.get(epoch) ?? 0) + 1
      while (expected < group.number && store.refused.has(`${epoch}-${expected}`)) expected += 1
      if (group.number !== expected) {
        throw new Violation('I11', `epoch ${epoch} applies group ${group.number}, not ${expected}`)
      }
      last.set(epoch, group.number)
    },
  }
}
