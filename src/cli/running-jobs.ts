/** `jobs list --state running`: a store does not know which of its ready jobs run; the workers do. */
import type { PipelineClient } from '../client/pipeline-client.ts'
import { given } from '../language/given.ts'
import type { JobsPage, JobView } from '../wire/replies.ts'

interface RunningQuery {
  readonly phase?: string | undefined
  readonly error?: string | undefined
  readonly limit: number
}

/** Beyond, the list is no longer for people, and each worker is asked for its own. */
const workersAskedMax = 200

/** Newest first, in one page. */
export async function listRunning(
  client: PipelineClient,
  { phase, error, limit }: RunningQuery,
): Promise<JobsPage> {
  const { shards } = await client.status()
  const busy = shards
    .flatMap(({ workers }) => workers)
    .filter(({ running, jobType }) => running > 0 && (phase === undefined || jobType === phase))
  const ids = [...new Set(busy.map(({ id }) => id))]
  const asked = ids.slice(0, workersAskedMax)
  const lists = await Promise.all(
    asked.map((worker) => jobsOf(client, given({ worker, phase, error }))),
  )
  // A job may have gone from one worker to another in the meantime.
  const jobs = new Map(lists.flat().map((job) => [job.id, job]))
  const running = [...jobs.values()]
    .filter(({ state }) => state === 'running')
    .toSorted((a, b) => b.enqueuedMs - a.enqueuedMs)
  const more = running.length > limit || ids.length > asked.length
  return { jobs: running.slice(0, limit), count: running.length, more, next: '' }
}

/** Over all shards. */
async function jobsOf(
  client: PipelineClient,
  query: Parameters<PipelineClient['listJobs']>[0],
): Promise<JobView[]> {
  const found: JobView[] = []
  let after = ''
  do {
    const { jobs, next } = await client.listJobs(query, { after })
    found.push(...jobs)
    after = next
  } while (after !== '')
  return found
}
