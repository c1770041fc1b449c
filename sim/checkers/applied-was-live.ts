/**
 * I3: what is applied carries the job's live token, or one that may be adopted: of the same phase and
 * attempt, not below the fence of the record, while the owner has given the job to nobody else.
 */
import { fenceOfText } from '../../src/core/token.ts'
import type { Books } from '../books.ts'
import { Violation, type Checker } from '../checker.ts'
import type { CheckedWorld } from '../checked-world.ts'

export function appliedWasLive(world: CheckedWorld, books: Books): Checker {
  /** The newest fence that a release of the job has written. */
  const fences = new Map<string, string>()
  return {
    invariant: 'I3',
    onCommit({ changes }) {
      for (const { mutation } of changes) {
        if (mutation.type !== 'release' || mutation.ended === undefined) continue
        const { id } = mutation.job
        const fence = fenceOfText(mutation.ended.token) ?? ''
        if (fence > (fences.get(id) ?? '')) fences.set(id, fence)
      }
    },
    onStep(owner, _event, { mutations }) {
      for (const mutation of mutations) {
        if (!('ended' in mutation) || mutation.ended === undefined) continue
        if (mutation.type === 'release') continue
        const { token, phase, attempt, outcome } = mutation.ended
        const { id } = mutation.job
        if (outcome === 'cancelled') continue
        const granted = books.tokens.get(token)
        if (granted?.jobId !== id || granted.phase !== phase || granted.attempt !== attempt) {
          throw new Violation(
            'I3',
            `${id}: ${outcome} under ${token}, which was not granted for it`,
          )
        }
        const live = books.of(owner).newest.get(id)
        const isOther = live !== undefined && live.token !== token
        if (isOther && live.ended === undefined && live.phase === phase) {
          throw new Violation('I3', `${id}: ${token} applied while ${live.token} is alive`)
        }
        // Its own grants an owner knows; what it adopts must not be below the fence.
        const isAdopted = live?.token !== token && world.store.isOwner(owner)
        const fence = fences.get(id) ?? ''
        if (isAdopted && (fenceOfText(token) ?? '') < fence) {
          throw new Violation('I3', `${id}: ${token} applied below its fence ${fence}`)
        }
      }
    },
  }
}
