/** Lists and counts for people, the plain way: look at every job. Newest arrival first. */
import type { JobRecord } from '../../core/job.ts'
import type { JobPage, JobQuery } from '../contract.ts'
import { fitsQuery } from '../job-query.ts'
import { pageLimit, sequenceOfCursor } from '../page-cursor.ts'
import type { MemoryShard } from './memory-shard.ts'

/** The jobs that fit the query, newest first. */
export function matching(shard: MemoryShard, query: JobQuery): JobRecord[] {
  const records = [...shard.jobs.values()].map(({ record }) => record)
  return records
    .filter((record) => fitsQuery(record, query))
    .sort((a, b) => b.sequence - a.sequence)
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
