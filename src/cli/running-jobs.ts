/** `jobs list --state running`, in one page. */
import type { PipelineClient } from '../client/pipeline-client.ts'
import { busyWorkers, jobsOfWorkers, workersAskedMax } from '../client/running-jobs.ts'
import { given } from '../language/given.ts'
import type { JobsPage } from '../wire/replies.ts'

interface RunningQuery {
  readonly phase?: string | undefined
  readonly error?: string | undefined
  readonly limit: number
}

/** Newest first. */
export async function listRunning(
  client: PipelineClient,
  { phase, error, limit }: RunningQuery,
): Promise<JobsPage> {
  const { shards, welcome } = await client.status()
  const busy = busyWorkers(shards, phase)
  const workers = busy.slice(0, workersAskedMax)
  const query = given({ phase, error })
  const jobs = await jobsOfWorkers(client, { workers, shards: welcome.shards ?? 1, query })
  const running = jobs
    .filter(({ state }) => state === 'running')
    .toSorted((a, b) => b.enqueuedMs - a.enqueuedMs)
  const more = running.length > limit || busy.length > workers.length
  return { jobs: running.slice(0, limit), count: running.length, more, next: '' }
}
