/** The code of each way in which an enqueue can be refused, so that a caller can look it up, or branch on it. */
import type { SubmitOutcome } from '../core/effect.ts'
import type { ErrorCode } from '../errors/catalogue.ts'

const codes: Readonly<Partial<Record<SubmitOutcome, ErrorCode>>> = {
  conflict: 'CT_CONFLICT',
  expired: 'CT_EXPIRED',
  busy: 'CT_BUSY',
  full: 'CT_STORE_FULL',
  tooLarge: 'CT_TOO_LARGE',
  invalid: 'CT_INVALID_JOB',
}

/** `undefined` when the job is stored. */
export function codeOfRefusal(outcome: SubmitOutcome): ErrorCode | undefined {
  return codes[outcome]
}
