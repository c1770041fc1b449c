/**
 * I8: attempts and crashes within their limits; every charge has its cause. An attempt is charged for a run
 * that failed, a crash only to a job that was alone with a process that died.
 */
import type { JobRecord } from '../../src/core/job.ts'
import { isSettled } from '../../src/core/job-transitions.ts'
import type { Mutation } from '../../src/core/mutation.ts'
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'
import type { CheckedWorld } from '../checked-world.ts'

export function limitsHold({ spec, store, saw }: CheckedWorld, books: Books): Checker {
  /** One more death is allowed to a job for each time that it was brought back. */
  const redrives = new Map<string, number>()
  return {
    invariant: 'I8',
    onStep(owner, _event, { mutations }) {
      for (const mutation of mutations) {
        if (mutation.type !== 'release' || mutation.ended === undefined) continue
        const { id, sequence } = mutation.job
        const crashesBefore = store.record(sequence)?.crashes ?? 0
        if (mutation.crashes <= crashesBefore) continue
        const entry = books.tokens.get(mutation.ended.token)
        const held = books.of(owner).lostWith.get(entry?.incarnation ?? '') ?? []
        const others = held.filter((jobId) => jobId !== id)
        if (others.length > 0) {
          throw new Violation('I8', `${id} is charged a crash beside ${others.join(', ')}`)
        }
      }
    },

    onCommit({ changes }) {
      for (const { mutation, before, after } of changes) {
        if (before === undefined || after === undefined) continue
        if (mutation.type === 'redrive') redrives.set(after.id, (redrives.get(after.id) ?? 0) + 1)
        checkRecord(after, spec.phases[after.phase]?.retry, redrives.get(after.id) ?? 0)
        checkCharge(mutation, before, after)
        if (mutation.type === 'settle' && mutation.deathReason === 'crashed') saw('crashed out')
      }
    },
  }
}

function checkRecord(
  record: JobRecord,
  limits: { attempts: number; crashes: number } | undefined,
  redrives: number,
): void {
  if (limits === undefined) return
  const attemptsMax = record.attemptsMax === 0 ? limits.attempts : record.attemptsMax
  if (record.attempts > attemptsMax) {
    throw new Violation(
      'I8',
      `${record.id} has ${record.attempts} attempts, ${attemptsMax} at most`,
    )
  }
  if (record.crashes > limits.crashes + redrives) {
    throw new Violation('I8', `${record.id} has ${record.crashes} crashes`)
  }
  if (!isSettled(record.state) && record.attempts >= attemptsMax) {
    throw new Violation('I8', `${record.id} goes on after ${record.attempts} attempts`)
  }
}

function checkCharge(mutation: Mutation, before: JobRecord, after: JobRecord): void {
  const failed =
    (mutation.type === 'retry' || (mutation.type === 'settle' && mutation.state === 'dead')) &&
    mutation.ended?.error?.kind !== 'lost'
  const charge = after.phase === before.phase ? after.attempts - before.attempts : 0
  if (charge !== (failed ? 1 : 0)) {
    throw new Violation('I8', `${after.id}: ${mutation.type} charges ${charge} attempts`)
  }
}
