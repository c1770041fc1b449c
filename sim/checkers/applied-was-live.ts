/**
 * I3: what is applied carries the job's live token, or one that may be adopted: of the same phase and
 * attempt, not below the fence of the record, while the owner has given the job to nobody else.
 */
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'
import type { World } from '../world.ts'

export function appliedWasLive(world: World, books: Books): Checker {
  return {
    invariant: 'I3',
    onStep(owner, _event, { mutations }) {
      for (const mutation of mutations) {
        if (!('ended' in mutation) || mutation.ended === undefined) continue
        if (mutation.type === 'release') continue
        const { token, phase, attempt, outcome } = mutation.ended
        const { id, sequence } = mutation.job
        if (outcome === 'cancelled') continue
        const granted = books.tokens.get(token)
        if (granted?.jobId !== id || granted.phase !== phase || granted.attempt !== attempt) {
          throw new Violation('I3', `${id}: ${outcome} under ${token}, which was not granted for it`)
        }
        const live = books.of(owner).newest.get(id)
        const isOther = live !== undefined && live.token !== token
        if (isOther && live.ended === undefined && live.phase === phase) {
          throw new Violation('I3', `${id}: ${token} applied while ${live.token} is alive`)
        }
        const tokenMin = world.store.record(sequence)?.tokenMin ?? ''
        const isFenced = token.slice(0, tokenMin.length) < tokenMin
        if (isFenced && (live === undefined || isOther)) {
          throw new Violation('I3', `${id}: ${token} applied below its fence ${tokenMin}`)
        }
      }
    },
  }
}
