/** One phase on graphile-worker: a task that adds the next task. */
import { run } from 'graphile-worker'
import pg from 'pg'
import { noteDone, phaseArguments, ready, withKeyOf } from './phase-process.mjs'

const phase = phaseArguments()
const pgPool = new pg.Pool({ connectionString: phase.address, max: 12 })

const runner = await run({
  ...{ pgPool, noHandleSignals: true },
  taskList: {
    [phase.name]: async (payload, { addJob }) => {
      if (phase.next !== undefined) await addJob(phase.next, withKeyOf(phase, payload))
    },
  },
  preset: {
    worker: {
      ...{ concurrentJobs: phase.concurrency, pollInterval: 100 },
      // What its performance page advises: fewer and larger statements.
      ...{ localQueue: { size: phase.concurrency * 2 }, completeJobBatchDelay: 0 },
    },
  },
})
if (phase.next === undefined) runner.events.on('job:success', noteDone)
ready()
await runner.promise
