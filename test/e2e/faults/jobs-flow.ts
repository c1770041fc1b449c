/** Whether the pipeline works: the sign of life that every torment of a process has to leave intact. */
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { numbered } from '../processes.ts'

/** Jobs of the ledger pipeline that are enqueued now are done, all of them. */
export async function jobsFlow(
  client: PipelineClient,
  count = 50,
  timeoutMs = 30_000,
): Promise<void> {
  const answers = await client.enqueueJobs(numbered(count))
  const ids = answers.map(({ job }) => job.id)
  await until(
    async () => {
      const jobs = await Promise.all(ids.map((id) => client.getJob(id)))
      return jobs.every(({ job }) => job.state === 'done')
    },
    { what: 'jobs are done', timeoutMs },
  )
}

/**
 * Some are done in the end, whatever becomes of the first: a store that is about to fall back to what another
 * one has may acknowledge jobs and then lose them.
 */
export async function jobsFlowAgain(
  client: PipelineClient,
  count: number,
  timeoutMs: number,
): Promise<void> {
  const flows = async () => {
    await jobsFlow(client, count, 10_000)
    return true
  }
  await until(flows, { what: 'jobs are enqueued and done', timeoutMs })
}
