/** The error with which a run in memory ends when its job is dead. */
import type { AttemptError } from '../core/job.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import type { Recorder } from './recorder.ts'

export interface Death {
  readonly jobType: string
  readonly attempt: number
  readonly error: AttemptError
  /** What `execute` threw; `undefined` when it threw nothing. */
  readonly thrown: unknown
}

/**
 * CT_REJECTED, CT_BAD_RESULT, CT_TOO_LARGE, or CT_JOB_FAILED when the attempts are used up. `cause` is
 * what the phase threw.
 */
export function deadJob(death: Death, { trace, logs }: Recorder): CarbontubeError {
  const { jobType, attempt, error, thrown } = death
  const code = codes[error.kind] ?? 'CT_JOB_FAILED'
  const times = attempt === 1 ? '' : ` (attempt ${attempt})`
  const hint = isCarbontubeError(thrown) ? thrown.hint : undefined
  return new CarbontubeError(code, `phase "${jobType}" ${words[code]}${times}: ${error.message}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { phase: jobType, attempt, error, trace, logs },
    ...(thrown === undefined ? {} : { cause: thrown }),
  })
}

/** By the kind that `worker/execute.ts` reports. */
const codes: Readonly<Record<string, DeathCode>> = {
  rejected: 'CT_REJECTED',
  CT_BAD_RESULT: 'CT_BAD_RESULT',
  CT_BAD_INSTRUCTIONS: 'CT_BAD_RESULT',
  tooLarge: 'CT_TOO_LARGE',
}

type DeathCode = Extract<
  ErrorCode,
  'CT_REJECTED' | 'CT_BAD_RESULT' | 'CT_TOO_LARGE' | 'CT_JOB_FAILED'
>

const words: Readonly<Record<DeathCode, string>> = {
  CT_REJECTED: 'rejected the job',
  CT_BAD_RESULT: 'returned what does not travel',
  CT_TOO_LARGE: 'returned too much',
  CT_JOB_FAILED: 'failed',
}
