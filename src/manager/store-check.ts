/**
 * After an unclean stop the store is looked through for damage, beside the work: a start must not take as
 * long as the store is large. The manager goes on in either case: what it can read it can settle, and the
 * store itself stops whoever comes upon a damaged part.
 */
import { isCarbontubeError } from '../errors/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Storage } from '../storage/contract.ts'

/** Never throws. */
export async function checkStore(storage: Storage, logger: Logger): Promise<void> {
  const store = storage.info().description
  try {
    const problems = await storage.check?.()
    if (problems === undefined) return
    if (problems.length === 0) {
      return logger.info('the last owner did not stop cleanly; its store is sound', { store })
    }
    const advice = 'stop the manager, keep a copy, restore a backup'
    logger.error(`the store is damaged: ${advice}`, { store, problems })
  } catch (error) {
    if (isCarbontubeError(error) && error.code === 'CT_STOPPED') return
    const reason = error instanceof Error ? error.message : String(error)
    logger.warn('the store could not be checked for damage', { store, reason })
  }
}
