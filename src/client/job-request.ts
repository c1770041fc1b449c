/** A job as a caller gives it, and as it is sent. */
import { notKnown } from '../errors/did-you-mean.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'
import { newJobId } from '../runtime/entropy.ts'
import { encodeInstructions } from '../wire/instructions.ts'
import type { EnqueueItem } from '../wire/requests.ts'

/** A job to enqueue: the pipeline's name, its instructions, and if you like an id and a priority. */
export interface JobRequest<Name, Input> {
  /** Name of the pipeline. */
  readonly name: Name
  /**
   * What the phases work on: an object of what JSON can say, `Uint8Array` and dates (which become text) besides.
   * At most 8 MiB when encoded.
   */
  readonly instructions: Input
  /** Your own id makes a repeated enqueue safe; default: a new UUIDv7. 1 … 128 bytes of UTF-8. */
  readonly id?: string
  /** A whole number, −10 … 10, higher first; default 0. */
  readonly priority?: number
}

const members: readonly string[] = ['name', 'instructions', 'id', 'priority']

/** @throws CT_INVALID_JOB, also for a member that is not known: without its `jobId` a job could be done twice */
export function itemOf(request: JobRequest<unknown, unknown>, sentMs: number): EnqueueItem {
  if (typeof request !== 'object' || request === null) {
    throw new CarbontubeError('CT_INVALID_JOB', `a job is ${shown(request)}, not an object`, {
      hint: `It has: ${members.join(', ')}.`,
    })
  }
  for (const key of Object.keys(request)) {
    if (members.includes(key)) continue
    const { what, hint, details } = notKnown(key, members)
    throw new CarbontubeError('CT_INVALID_JOB', `a job has ${what}`, {
      hint: `${hint} What the phases are to have belongs into its instructions.`,
      details,
    })
  }
  const { id, priority, instructions } = request
  if (id !== undefined && typeof id !== 'string') {
    throw new CarbontubeError('CT_INVALID_JOB', `the id of a job is ${shown(id)}, not a text`, {
      hint: 'Two jobs with the ids 1 and "1" would be one: say which you mean.',
    })
  }
  const encoded = encodeInstructions(instructions as object)
  return { id: id ?? newJobId(), priority: priority ?? 0, sentMs, instructions: encoded }
}
