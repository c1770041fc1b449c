/** Lists and counts for people, the plain way: look at every job. Newest arrival first. */
import type { JobRecord } from '../../core/job.ts'
import { isSettled } from '../../core/job-transitions.ts'
import type { JobPage, JobQuery } from '../contract.ts'
import { pageLimit, sequenceOfCursor } from '../page-cursor.ts'
import type { MemoryShard } from './memory-shard.ts'

/** The jobs that fit the query, newest first. */
export function matching(shard: MemoryShard, query: JobQuery): JobRecord[] {
  const records = [...shard.jobs.values()].map(({ record }) => record)
  return records.filter((record) => fits(record, query)).sort((a, b) => b.sequence - a.sequence)
}

/** The page after the cursor. */
export function pageOf(
  records: readonly JobRecord[],
  page: { after?: string; limit: number },
): JobPage {
  const before = sequenceOfCursor(page.after)
  const limit = pageLimit(page.limit)
  const rest = records.filter(({ sequence }) => sequence < before)
  const jobs = rest.slice(0, limit)
  const last = jobs.at(-1)
  return rest.length > limit && last !== undefined
    ? { jobs, next: String(last.sequence) }
    : { jobs }
}

function fits(record: JobRecord, query: JobQuery): boolean {
  const { state, phase, error, enqueuedBeforeMs } = query
  if (state === 'unsettled') {
    if (isSettled(record.state)) return false
  } else if (state !== undefined && record.state !== state) return false
  if (phase !== undefined && record.phase !== phase) return false
  if (enqueuedBeforeMs !== undefined && record.enqueuedMs >= enqueuedBeforeMs) return false
  if (error === undefined) return true
  return record.lastError?.toLowerCase().includes(error.toLowerCase()) ?? false
}
