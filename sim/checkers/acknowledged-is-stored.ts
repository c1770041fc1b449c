/** I1: an acknowledged id has exactly one record, from before the acknowledgement until retention. */
import type { MakeChecker } from '../checked-world.ts'
import { Violation } from '../checker.ts'

export const acknowledgedIsStored: MakeChecker = ({ store, client }) => {
  /** Given up for good, by order. */
  const removed = new Set<string>()
  return {
    invariant: 'I1',

    onCommit({ changes }) {
      for (const { mutation } of changes) {
        if (mutation.type === 'discard') removed.add(mutation.job.id)
      }
    },

    onEffect(owner, effect) {
      if (effect.type !== 'AnswerClient') return
      for (const { id, outcome } of effect.items) {
        if (outcome !== 'stored' && outcome !== 'duplicate') continue
        if (store.find([id]).length === 0 && !removed.has(id)) {
          throw new Violation('I1', `${owner.manager} acknowledges ${id}, which is not stored`)
        }
      }
    },

    atEnd() {
      const counts = new Map<string, number>()
      for (const { record } of store.shard.jobs.values()) {
        counts.set(record.id, (counts.get(record.id) ?? 0) + 1)
      }
      for (const id of client.acknowledged) {
        const count = counts.get(id) ?? 0
        if (count !== 1 && !(count === 0 && removed.has(id)))
          throw new Violation('I1', `${id} was acknowledged and has ${count} records`)
      }
    },
  }
}
