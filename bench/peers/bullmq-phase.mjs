/** One phase of BullMQ as its users build it: a worker that adds to the next queue. */
import { Queue, Worker } from 'bullmq'
import { noteDone, phaseArguments, ready, withKeyOf } from './phase-process.mjs'

const phase = phaseArguments()
const connection = { host: '127.0.0.1', port: Number(phase.address) }
const next = phase.next === undefined ? undefined : new Queue(phase.next, { connection })

const worker = new Worker(
  phase.name,
  async ({ data }) => {
    const payload = withKeyOf(phase, data)
    await next?.add('job', payload, { removeOnComplete: true })
  },
  { connection, concurrency: phase.concurrency },
)
worker.on('error', (error) => console.error(error))
// After its completion is in Redis.
if (next === undefined) worker.on('completed', noteDone)
await Promise.all([worker.waitUntilReady(), next?.waitUntilReady()])
ready()
