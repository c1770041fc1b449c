/** graphile-worker on a Postgres of its own. */
import { postgresServer } from '../stores.mjs'
import { ThreeProcesses, inGroups, payload } from './three-processes.mjs'

export async function openGraphile({ concurrency }) {
  const { makeWorkerUtils } = await import('graphile-worker')
  const server = await postgresServer()
  const client = await makeWorkerUtils({ connectionString: server.url() })
  await client.migrate()
  const phases = await ThreeProcesses.start('graphile-phase.mjs', {
    ...{ concurrency, address: server.url() },
  })
  return {
    feed: (jobs) =>
      inGroups(jobs, (group) =>
        client.addJobs(group.map((data) => ({ identifier: 'first', payload: data }))),
      ),
    feedOne: () => client.addJob('first', payload(0)),
    done: () => phases.done,
    untilDone: (count) => phases.untilDone(count),
    async close() {
      await phases.stop()
      await client.release()
      await server.stop()
    },
  }
}
