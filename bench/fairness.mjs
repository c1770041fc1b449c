/**
 * Whether equal workers get equal shares: eight of one phase, and how many jobs each has done. A job takes a
 * while without a processor: were it over at once, those would get more that the system lets run more.
 */
import { Installation, manyPhases } from './installation.mjs'
import { grouped } from './text-table.mjs'

const workers = 8

export async function fairness({ jobs: given, ms, store, concurrency }) {
  const jobs = Number(given ?? 100_000)
  const settings = { concurrency, workersOfEach: workers, pipeline: manyPhases(1) }
  const installation = await Installation.open(store, settings)
  try {
    await installation.startWorkers()
    await installation.workOff(jobs, (n) => ({ n, ms: Number(ms) }))
    const done = (await installation.shard()).workers.map((worker) => worker.done)
    done.sort((a, b) => a - b)
    const [least, most] = [done[0], done.at(-1)]
    return {
      store,
      jobs,
      ms: Number(ms),
      workers,
      least,
      most,
      ratio: Math.round((most / least) * 1_000) / 1_000,
    }
  } finally {
    await installation.close()
  }
}

export function fairnessTables({ jobs, ms, workers: count, least, most, ratio }) {
  const head = ['jobs', 'ms each', 'workers', 'fewest', 'most', 'most ÷ fewest']
  return [{ head, rows: [[grouped(jobs), ms, count, grouped(least), grouped(most), ratio]] }]
}
