/** What is measured beside the peers, seen as one of them: enqueued through the client, waited for likewise. */
import { Installation } from './installation.mjs'
import { until } from './processes.mjs'
import { payload } from './peers/three-processes.mjs'

/** A status is a request like any other: not too many of them. */
const pollMs = 20

export async function openOurs({ concurrency, store }) {
  const installation = await Installation.open(store, { concurrency: String(concurrency) })
  await installation.startWorkers()
  const { client } = installation
  const done = async () => (await installation.shard()).settled.done
  return {
    durability: installation.store.durability,
    feed: (jobs) => installation.feed(jobs),
    /** Resolves when the client has the result. */
    async doOne() {
      const { job } = await client.enqueueJob({ name: 'three-phases', instructions: payload(0) })
      await client.result(job.id)
    },
    done,
    untilDone: (count) => until(async () => (await done()) >= count, pollMs),
    close: () => installation.close(),
  }
}
