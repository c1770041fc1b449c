/**
 * I13: jobs are granted in the order (priority, sequence): nobody whose turn it was is passed over. L2:
 * nor is a job that has to wait for an empty worker passed over for ever.
 */
import type { JobRecord } from '../../src/core/job.ts'
import { isBefore } from '../../src/core/ready-queue.ts'
import type { Books } from '../books.ts'
import { Violation, type Checker, type Ownership } from '../checker.ts'
import type { CheckedWorld } from '../checked-world.ts'

/** A suspect that waits for an empty worker may see so many others go first. */
const overtakesMax = 60

export function inOrder(world: CheckedWorld, books: Books): Checker {
  const overtaken = new Map<string, number>()
  const isWaiting = (owner: Ownership, record: JobRecord): boolean => {
    const book = books.of(owner)
    return (
      record.state === 'ready' &&
      book.known.has(record.id) &&
      books.live(owner, record.id) === undefined &&
      owner.holderOf(record.id) === undefined &&
      (book.uncommitted.get(record.id) ?? 0) <= 0
    )
  }
  const passOver = (granted: JobRecord, other: JobRecord) => {
    if (!other.suspect && !granted.suspect) {
      throw new Violation('I13', `${granted.id} is granted before ${other.id}, whose turn it was`)
    }
    const count = (overtaken.get(other.id) ?? 0) + 1
    overtaken.set(other.id, count)
    if (count > overtakesMax)
      throw new Violation('L2', `${other.id} was passed over ${count} times`)
  }
  return {
    invariant: 'I13',
    onStep(owner, event, { effects }) {
      if (event.type === 'OwnershipTaken') overtaken.clear()
      const grants = effects.filter((effect) => effect.type === 'Grant').filter(books.isNew, books)
      // Nor can one that was asleep while another owned the shard know whose turn it is by now.
      const isBlind =
        grants.length > 0 && (owner.status().rollCallOpen || !world.store.isOwner(owner))
      for (const effect of grants) {
        const granted = world.store.find([effect.jobId])[0]
        books.grant(owner, effect)
        if (granted === undefined || isBlind) continue
        overtaken.delete(granted.id)
        for (const { record } of world.store.shard.jobs.values()) {
          const isOther = record.phase === effect.phase && record.id !== effect.jobId
          if (!isOther || !isBefore(record, granted)) continue
          if (isWaiting(owner, record)) passOver(granted, record)
        }
      }
    },
  }
}
