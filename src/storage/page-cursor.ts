/** Pages of `listJobs`: how long one may be, and the cursor of stores that list by sequence. */
import { badCursor } from './storage-errors.ts'

/** Most jobs of one page. */
export const pageJobsMax = 100

/** Jobs of this page: at least one, at most `pageJobsMax`. */
export function pageLimit(limit: number): number {
  return Math.max(1, Math.min(pageJobsMax, Math.floor(limit)))
}

/**
 * Jobs below this sequence come next; everything without a cursor.
 *
 * @throws CT_BAD_OPTION when it is not a sequence in decimal digits
 */
export function sequenceOfCursor(after: string | undefined): number {
  if (after === undefined) return Number.MAX_SAFE_INTEGER
  const sequence = /^\d{1,15}$/.test(after) ? Number(after) : 0
  if (sequence === 0) throw badCursor(after)
  return sequence
}
