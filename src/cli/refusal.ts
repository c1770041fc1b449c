/** What `enqueue` says of a job that was not stored, or not waited for to its end: why, and what to do. */
import type { Enqueued } from '../client/pipeline-client.ts'
import { CarbontubeError } from '../errors/errors.ts'

/** By outcome: why it is one, and what to do about it. */
const reasons: Readonly<
  Partial<Record<Enqueued['outcome'], readonly [why: string, hint: string]>>
> = {
  conflict: [
    'a job with this id but other instructions is already there',
    'Give another --id, or look at that job with `carbontube jobs show`.',
  ],
  expired: [
    'it was first sent too long ago to be told from a new one',
    'Is the clock of this machine right? Then enqueue it again.',
  ],
  busy: [
    'the manager has no room now',
    'Enqueue it again later; `carbontube status` shows what waits.',
  ],
  full: ['the store has no room', 'Make room where the store is, and enqueue it again.'],
  tooLarge: [
    'it is larger than a job may be',
    'Put the large part into a file or a store of your own, and its path or key into the job.',
  ],
  invalid: ['it does not pass the checks at the door', 'Correct the instructions, or the id.'],
}

export function refusal({ job, outcome, code, issue }: Enqueued): CarbontubeError {
  const [why, hint] = reasons[outcome] ?? [outcome, 'Enqueue it again.']
  const more = issue === undefined ? '' : ` (${issue})`
  return new CarbontubeError(code ?? 'CT_REFUSED', `job ${job.id} was refused: ${why}${more}`, {
    hint,
    details: { id: job.id, outcome },
  })
}

export function timedOut(id: string): CarbontubeError {
  return new CarbontubeError('CT_TIMED_OUT', `job ${id} has not ended in the time of --timeout`, {
    hint: 'It goes on: look at it with `carbontube jobs show`, or wait longer next time.',
    details: { id },
  })
}
