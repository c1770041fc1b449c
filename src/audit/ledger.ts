/**
 * A ledger is what the phases themselves wrote down, one entry for each time that `execute` began. Against
 * it an audit can say that every recorded result was really run under the recorded token, and how often
 * something ran more than once.
 *
 * The store is read first, and then the ledger: an entry is written before its result, so that a pipeline
 * at work can be audited too.
 */
import type { AttemptRecord, JobRecord } from '../core/job.ts'
import { fenceOfText } from '../core/token.ts'
import type { Finding } from './finding.ts'

export interface LedgerEntry {
  readonly jobId: string
  /** Index of the phase, or its job type. */
  readonly phase: number | string
  readonly fence: string
}

export class LedgerCheck {
  readonly #jobTypes: readonly string[]
  /** Fences of the recorded results that no entry has shown yet, by job and phase. */
  readonly #expected = new Map<string, { jobId: string; phase: number; fence: string }>()
  readonly #runs = new Map<string, number>()
  #executions = 0

  /** `jobTypes`: of the phases, in their order. */
  constructor(jobTypes: readonly string[]) {
    this.#jobTypes = jobTypes
  }

  get executions(): number {
    return this.#executions
  }

  /** Executions of a phase of a job beyond its first. */
  get repeated(): number {
    return this.#executions - this.#runs.size
  }

  expect({ id: jobId }: JobRecord, attempts: readonly AttemptRecord[]): void {
    for (const { phase, token, outcome } of attempts) {
      const fence = fenceOfText(token)
      if (outcome !== 'done' || fence === undefined) continue
      this.#expected.set(`${phase} ${fence} ${jobId}`, { jobId, phase, fence })
    }
  }

  add({ jobId, phase, fence }: LedgerEntry): void {
    this.#executions += 1
    const run = `${phase} ${jobId}`
    this.#runs.set(run, (this.#runs.get(run) ?? 0) + 1)
    const indexes =
      typeof phase === 'number'
        ? [phase]
        : this.#jobTypes.flatMap((jobType, index) => (jobType === phase ? [index] : []))
    for (const index of indexes) this.#expected.delete(`${index} ${fence} ${jobId}`)
  }

  /** After the last entry: results that nobody ran. */
  findings(): Finding[] {
    return [...this.#expected.values()].map(({ jobId, phase, fence }) => {
      const what = `the result of phase ${phase} under ${fence} was run by nobody`
      return { code: 'notInLedger', jobId, what }
    })
  }
}
