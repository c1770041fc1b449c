/** What a job that was waited for has come to: its instructions, or why there are none. */
import { CarbontubeError } from '../errors/errors.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { given } from '../language/given.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import type { SettledItem } from '../wire/replies.ts'

interface Lack {
  readonly code: ErrorCode
  readonly what: string
  readonly hint?: string
}

/** By state; what is not here is still under way. */
const lacks: Readonly<Record<string, Lack>> = {
  dead: { code: 'CT_JOB_FAILED', what: 'is dead' },
  cancelled: { code: 'CT_JOB_CANCELLED', what: 'was cancelled' },
  notFound: {
    code: 'CT_JOB_NOT_FOUND',
    what: 'is not kept',
    hint: 'It was never enqueued here, or has been removed since it ended: see the retention of the store.',
  },
}
const underWay: Lack = {
  code: 'CT_TIMED_OUT',
  what: 'has not ended in time',
  hint: 'It goes on: wait again, or longer, or look at it with getJob.',
}

/** @throws CT_JOB_FAILED with its last error, CT_JOB_CANCELLED, CT_JOB_NOT_FOUND, CT_TIMED_OUT */
export function resultOf(id: string, item: SettledItem | undefined): Record<string, unknown> {
  if (item?.state === 'done' && item.instructions !== undefined) {
    return decodeInstructions(item.instructions)
  }
  const state = item?.state ?? 'timedOut'
  const { code, what, hint } = lacks[state] ?? underWay
  const message = item?.error?.message ?? `job "${id}" ${what}`
  throw new CarbontubeError(code, message, { ...given({ hint }), details: { id, state } })
}
