/** A store does not know which of its ready jobs run: the workers do, and each is asked for its own. */
import type { ShardStatus, WorkerStatus } from '../core/status.ts'
import type { JobView } from '../wire/replies.ts'
import type { ListQuery } from '../wire/requests.ts'
import { startOf } from './all-shards.ts'
import type { PipelineClient } from './pipeline-client.ts'

/** Beyond, a list of them is no longer for people. */
export const workersAskedMax = 200

/** Ids of the workers that have something to do; those of one phase when it is given. */
export function busyWorkers(
  shards: readonly Pick<ShardStatus, 'workers'>[],
  phase: string | undefined,
): readonly string[] {
  const isBusy = ({ running, jobType }: WorkerStatus) =>
    running > 0 && (phase === undefined || jobType === phase)
  return [...new Set(shards.flatMap(({ workers }) => workers.filter(isBusy)).map(({ id }) => id))]
}

/** What these workers have of each shard, every job once: one may go to another worker meanwhile. */
export async function jobsOfWorkers(
  client: PipelineClient,
  { workers, shards, query }: { workers: readonly string[]; shards: number; query: ListQuery },
): Promise<readonly JobView[]> {
  const pages = await Promise.all(
    workers.flatMap((worker) =>
      Array.from({ length: shards }, (_, shard) =>
        client.listJobs({ ...query, worker }, { after: startOf(shard, shards) }),
      ),
    ),
  )
  const jobs = new Map(pages.flatMap((page) => page.jobs.map((job) => [job.id, job] as const)))
  return [...jobs.values()]
}
