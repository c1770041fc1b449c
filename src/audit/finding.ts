/** What an audit finds. */
import type { JobId } from '../core/job.ts'

/**
 * Whether a finding breaks a promise. Times are compared by clocks that people and suspends may set back:
 * those are worth a look, and no proof.
 */
export const findingCodes = {
  idNotUnique: 'violation',
  checksumDiffers: 'violation',
  completedTwice: 'violation',
  notCompleted: 'violation',
  completedNotAdvanced: 'violation',
  phaseWentBack: 'violation',
  endDisagrees: 'violation',
  attemptsDisagree: 'violation',
  limitExceeded: 'violation',
  tokenOrder: 'violation',
  historyUnreadable: 'violation',
  historyIncomplete: 'violation',
  notInLedger: 'violation',
  timesReversed: 'warning',
} as const

export type FindingCode = keyof typeof findingCodes

export interface Finding {
  readonly code: FindingCode
  readonly jobId: JobId
  /** For people: what is there, and what should be. */
  readonly what: string
}

export function isViolation({ code }: Finding): boolean {
  return findingCodes[code] === 'violation'
}
