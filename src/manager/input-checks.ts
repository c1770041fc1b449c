/**
 * Jobs are checked against the pipeline's input schema before the core sees them. What a schema makes of one job, be it
 * that it throws, is the matter of that job: the others of its message go on.
 */
import type { EnqueueItem } from '../wire/requests.ts'

/** Checks instructions against the pipeline's input schema; a text says what is wrong. */
export type InputCheck = (instructions: Uint8Array) => Promise<string | undefined>

/** A job that does not get as far as the core. */
export interface Refused {
  readonly id: string
  readonly outcome: 'invalid'
  readonly issue: string
}

export class InputChecks {
  readonly #checkOne: InputCheck | undefined

  constructor(checkOne: InputCheck | undefined) {
    this.#checkOne = checkOne
  }

  async check(
    jobs: readonly EnqueueItem[],
  ): Promise<{ valid: readonly EnqueueItem[]; refused: readonly Refused[] }> {
    const checkOne = this.#checkOne
    if (checkOne === undefined) return { valid: jobs, refused: [] }
    const valid: EnqueueItem[] = []
    const refused: Refused[] = []
    for (const job of jobs) {
      const issue = await issueOf(checkOne, job)
      if (issue === undefined) valid.push(job)
      else refused.push({ id: job.id, outcome: 'invalid', issue })
    }
    return { valid, refused }
  }
}

/** Also of instructions that cannot be read, and of a schema that throws. */
async function issueOf(
  checkOne: InputCheck,
  { instructions }: EnqueueItem,
): Promise<string | undefined> {
  try {
    return await checkOne(instructions)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
