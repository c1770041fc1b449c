/** All checkers of a world, in the order in which they look. The books are kept first and last. */
import { isSettled } from '../../src/core/job-transitions.ts'
import { Books } from '../books.ts'
import type { Checker } from '../checker.ts'
import type { CheckedWorld } from '../checked-world.ts'
import { acknowledgedIsStored } from './acknowledged-is-stored.ts'
import { answersAreTrue } from './answers-are-true.ts'
import { appliedOnce } from './applied-once.ts'
import { appliedWasLive } from './applied-was-live.ts'
import { auditIsClean } from './audit-is-clean.ts'
import { eventsInSequence } from './events-in-sequence.ts'
import { inOrder } from './in-order.ts'
import { limitsHold } from './limits-hold.ts'
import { neverBack } from './never-back.ts'
import { nobodyIdles } from './nobody-idles.ts'
import { oneCompletion } from './one-completion.ts'
import { oneLiveToken } from './one-live-token.ts'
import { prefixOfGroups } from './prefix-of-groups.ts'
import { secondGrants } from './second-grants.ts'
import { withinCredit } from './within-credit.ts'

export function makeCheckers(world: CheckedWorld): readonly Checker[] {
  const books = new Books(() => {
    const waiting = new Map<string, number>()
    for (const { record } of world.store.shard.jobs.values()) {
      if (!isSettled(record.state)) waiting.set(record.id, record.phase)
    }
    return waiting
  })
  const bookkeeping: Checker = {
    invariant: 'books',
    onStep(owner, event, step) {
      books.before(owner, event)
      books.decided(owner, event, step)
    },
    onCommit: (commit) => books.committed(commit),
  }
  return [
    bookkeeping,
    acknowledgedIsStored(world),
    oneLiveToken(books),
    appliedWasLive(world, books),
    answersAreTrue(world, books),
    oneCompletion(),
    neverBack(world),
    secondGrants(world, books),
    limitsHold(world, books),
    appliedOnce(),
    withinCredit(books),
    prefixOfGroups(world),
    eventsInSequence(world),
    // It enters the grants of a step into the books, one after the other.
    inOrder(world, books),
    nobodyIdles(world),
    auditIsClean(world),
  ]
}
