/**
 * What a worker writes of runs that failed: `warn` for an attempt, `error` for a job that is dead by it. Thousands
 * may fail at once, so few lines a second are written of each, and how many were held back.
 */
import type { Outcome } from '../core/event.ts'
import type { LogFields } from '../pipeline/context.ts'
import { LimitedLog, type Logger } from '../runtime/logger.ts'
import type { RunContext } from './run-context.ts'

const linesPerSecond = 10

/** Of the run, all that is told. */
export type FailedRun = Pick<RunContext, 'jobId' | 'phase' | 'attempt' | 'aborted'>

export class FailureLog {
  readonly #attempts: LimitedLog
  readonly #deaths: LimitedLog

  constructor(nowMs: () => number, { warn, error }: Logger) {
    this.#attempts = new LimitedLog(nowMs, warn, linesPerSecond)
    this.#deaths = new LimitedLog(nowMs, error, linesPerSecond)
  }

  /** Nothing of a run that succeeded, or that was to end for another reason. */
  ended({ jobId, phase, attempt, aborted }: FailedRun, outcome: Outcome): void {
    if (outcome.type !== 'failed') return
    const fields: LogFields = { jobId, phase, attempt }
    if (aborted === 'timedOut') return this.#attempts.log('an attempt ran out of its time', fields)
    if (aborted !== undefined) return
    const { message, stack } = outcome.error
    if (outcome.retry === 'never') {
      this.#deaths.log(`a job is rejected: ${message}`, { ...fields, stack })
    } else this.#attempts.log(`an attempt failed: ${message}`, { ...fields, stack })
  }
}
