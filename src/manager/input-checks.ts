/**
 * Jobs are checked against the pipeline's input schema before the core sees them. What a schema makes of one job, be it
 * that it throws, is the matter of that job: the others of its message go on. A schema may take its time, and clients
 * do not wait for it: so what is being checked is bounded like what waits for the store, and counted apart from that.
 */
import type { Limits } from '../core/limits.ts'
import type { EnqueueItem } from '../wire/requests.ts'

/** Checks instructions against the pipeline's input schema; a text says what is wrong. */
export type InputCheck = (instructions: Uint8Array) => Promise<string | undefined>

/** A job that does not get as far as the core. */
export interface Refused {
  readonly id: string
  readonly outcome: 'busy' | 'invalid'
  /** Only with `invalid`. */
  readonly issue?: string
}

/** Of the text about one job, in UTF-16 code units. */
const issueLengthMax = 1_000
/** Of all texts in one reply: with 10,000 long ones its header would be larger than a client takes. */
const issuesBytesMax = 1024 * 1024
const oneTooMany = 'its issue is left out: too many jobs of the request have some'

type Bounds = Pick<Limits, 'uncommittedInsertsMax' | 'uncommittedBytesMax'>

export class InputChecks {
  readonly #checkOne: InputCheck | undefined
  readonly #bounds: Bounds
  #jobs = 0
  #bytes = 0

  constructor(checkOne: InputCheck | undefined, bounds: Bounds) {
    this.#checkOne = checkOne
    this.#bounds = bounds
  }

  async check(
    jobs: readonly EnqueueItem[],
  ): Promise<{ valid: readonly EnqueueItem[]; refused: readonly Refused[] }> {
    const checkOne = this.#checkOne
    if (checkOne === undefined) return { valid: jobs, refused: [] }
    const taken = jobs.filter((job) => this.#take(job))
    const refused: Refused[] = jobs
      .slice(taken.length)
      .map(({ id }) => ({ id, outcome: 'busy' as const }))
    const valid: EnqueueItem[] = []
    for (const job of taken) {
      const issue = await issueOf(checkOne, job)
      if (issue === undefined) valid.push(job)
      else refused.push({ id: job.id, outcome: 'invalid', issue })
    }
    // Together, as they are kept until the last of them has been checked.
    for (const job of taken) this.#count(job, -1)
    return { valid, refused }
  }

  /** `false`: there is too much already, and will be for all that follow it in its message. */
  #take(job: EnqueueItem): boolean {
    const { uncommittedInsertsMax, uncommittedBytesMax } = this.#bounds
    if (this.#jobs >= uncommittedInsertsMax || this.#bytes >= uncommittedBytesMax) return false
    this.#count(job, 1)
    return true
  }

  #count({ instructions }: EnqueueItem, sign: 1 | -1): void {
    this.#jobs += sign
    this.#bytes += sign * instructions.length
  }
}

/** Also of instructions that cannot be read, and of a schema that throws. */
async function issueOf(
  checkOne: InputCheck,
  { instructions }: EnqueueItem,
): Promise<string | undefined> {
  try {
    return cut(await checkOne(instructions))
  } catch (error) {
    return cut(error instanceof Error ? error.message : String(error))
  }
}

function cut(issue: string | undefined): string | undefined {
  const isLong = issue !== undefined && issue.length > issueLengthMax
  return isLong ? `${issue.slice(0, issueLengthMax)}…` : issue
}

/** What is wrong, by id, as far as one reply can tell it; `undefined` when nothing is. */
export function issuesIn(refused: readonly Refused[]): Record<string, string> | undefined {
  let bytes = 0
  const issues = refused.flatMap(({ id, issue }) => {
    if (issue === undefined) return []
    bytes += Buffer.byteLength(issue)
    return [[id, bytes > issuesBytesMax ? oneTooMany : issue]]
  })
  return issues.length === 0 ? undefined : Object.fromEntries(issues)
}
