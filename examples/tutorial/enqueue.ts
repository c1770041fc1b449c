/** What an application does with a pipeline: docs/how-to/enqueue-from-your-app.md quotes the regions. */
// #region connect
import { PipelineClient, isCarbontubeError } from 'carbontube'
import type { Reports } from './pipeline.ts'

type Client = PipelineClient<typeof Reports>

export async function connect(address: string): Promise<Client> {
  const client: Client = new PipelineClient(address, { timeout: '5s' })
  await client.connect()
  return client
}
// #endregion connect

// #region enqueue
export async function orderReport(client: Client, title: string, text: string) {
  const { ok, outcome, job } = await client.enqueueJob({
    name: 'reports',
    instructions: { title, text },
  })
  if (!ok) throw new Error(`the report about ${title} was refused: ${outcome}`)
  return job.id
}
// #endregion enqueue

// #region id
export async function orderOnce(client: Client, title: string, text: string) {
  const answer = await client.enqueueJob({
    name: 'reports',
    instructions: { title, text },
    id: `report-${title}`,
    priority: 5,
  })
  return answer.outcome
}
// #endregion id

// #region many
export async function orderMany(client: Client, texts: ReadonlyMap<string, string>) {
  const jobs = [...texts].map(([title, text]) => ({
    name: 'reports' as const,
    instructions: { title, text },
  }))
  const answers = await client.enqueueJobs(jobs)
  return answers.filter(({ ok }) => !ok)
}
// #endregion many

// #region result
export async function pathOfReport(client: Client, id: string) {
  const { path } = await client.result(id, { timeout: '1m' })
  return path
}
// #endregion result

// #region errors
export async function pathOrReason(client: Client, id: string) {
  try {
    const { path } = await client.result(id, { timeout: '2s' })
    return path
  } catch (error) {
    if (!isCarbontubeError(error)) throw error
    if (error.code === 'CT_JOB_FAILED') return `it failed: ${error.message}`
    if (error.code === 'CT_TIMED_OUT') return 'it is still under way'
    throw error
  }
}
// #endregion errors
