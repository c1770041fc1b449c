/** BullMQ on a Redis server of its own. */
import { redisServer } from '../stores.mjs'
import { ThreeProcesses, inGroups, payload } from './three-processes.mjs'

/** `log` is what Redis' append-only file waits for: `everysec`, BullMQ's advice, or `always`. */
export async function openBullmq({ concurrency, log }) {
  const { Queue } = await import('bullmq')
  const server = await redisServer(log)
  const connection = { host: '127.0.0.1', port: server.port }
  const phases = await ThreeProcesses.start('bullmq-phase.mjs', {
    ...{ concurrency, address: server.port },
  })
  const queue = new Queue('first', { connection })
  const opts = { removeOnComplete: true }
  return {
    feed: (jobs) =>
      inGroups(jobs, (group) => queue.addBulk(group.map((data) => ({ name: 'job', data, opts })))),
    feedOne: () => queue.add('job', payload(0), opts),
    done: () => phases.done,
    untilDone: (count) => phases.untilDone(count),
    async close() {
      await phases.stop()
      await queue.close()
      await server.stop()
    },
  }
}
