/** Which jobs people mean by a query, the same in every store. */
import type { JobRecord } from '../core/job.ts'
import { isSettled } from '../core/job-transitions.ts'
import { isPartOf } from '../language/is-part-of.ts'
import type { JobQuery } from './contract.ts'

/** Whether the job has all that the query asks for. */
export function fitsQuery(record: JobRecord, query: JobQuery): boolean {
  const { state, phase, error, enqueuedBeforeMs } = query
  if (state === 'unsettled') {
    if (isSettled(record.state)) return false
  } else if (state !== undefined && record.state !== state) return false
  if (phase !== undefined && record.phase !== phase) return false
  if (enqueuedBeforeMs !== undefined && record.enqueuedMs >= enqueuedBeforeMs) return false
  return error === undefined || isPartOf(record.lastError, error)
}
