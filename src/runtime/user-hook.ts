/**
 * Runs the methods of the user's classes that belong to no job: `initialize`, `setup`, `teardown`. What they
 * throw is the user's to correct, and no defect of ours.
 */
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { firstOwnPlace } from './place.ts'

/**
 * @param what whose method it is, for the message: `phase "encode": setup()`
 * @throws CT_HOOK_FAILED with the message and place of what was thrown; an error of ours as it is
 */
export async function runUserHook(what: string, hook: () => unknown): Promise<void> {
  try {
    await hook()
  } catch (cause) {
    throw isCarbontubeError(cause) ? cause : hookFailed(what, cause)
  }
}

/** Of a phase. @throws as `runUserHook` */
export function runPhaseHook(
  phase: { readonly jobType: string; setup?(): unknown; teardown?(): unknown },
  name: 'setup' | 'teardown',
): Promise<void> {
  return runUserHook(`phase "${phase.jobType}": ${name}()`, () => phase[name]?.())
}

function hookFailed(what: string, cause: unknown): CarbontubeError {
  const isError = cause instanceof Error
  const [reason = ''] = (isError ? cause.message : String(cause)).split('\n')
  const place = isError ? firstOwnPlace(cause.stack ?? '') : undefined
  const where = place === undefined ? '' : ` (${place})`
  return new CarbontubeError('CT_HOOK_FAILED', `${what} threw: ${reason.trim()}${where}`, {
    hint: 'It is a method of your own class: correct it, or what it needs on this machine.',
    details: given({ place, stack: isError ? cause.stack : undefined }),
    cause,
  })
}
