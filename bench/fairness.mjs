/**
 * Whether equal workers get equal shares: eight of one phase, and how many jobs each has done. A job takes a
 * while without a processor: were it over at once, those would get more that the system lets run more.
 */
import { Installation, manyPhases } from './installation.mjs'
import { grouped } from './text-table.mjs'

const workers = 8

/** `ms`: how long a job takes, one installation for each. Short ones fill the processors, long ones leave room. */
export async function fairness({ jobs: given, ms: durations, store, concurrency }) {
  const jobs = Number(given ?? 100_000)
  const rows = []
  for (const ms of durations.split(',').map(Number)) {
    rows.push({ ms, ...(await sharesOf(jobs, { ms, store, concurrency })) })
  }
  return { store, jobs, workers, rows }
}

async function sharesOf(jobs, { ms, store, concurrency }) {
  const settings = { concurrency, workersOfEach: workers, pipeline: manyPhases(1) }
  const installation = await Installation.open(store, settings)
  try {
    await installation.startWorkers()
    await installation.workOff(jobs, (n) => ({ n, ms }))
    const done = (await installation.shard()).workers.map((worker) => worker.done)
    done.sort((a, b) => a - b)
    const [least, most] = [done[0], done.at(-1)]
    return { least, most, ratio: Math.round((most / least) * 1_000) / 1_000 }
  } finally {
    await installation.close()
  }
}

export function fairnessTables({ jobs, workers: count, rows }) {
  const head = ['jobs', 'ms each', 'workers', 'fewest', 'most', 'most ÷ fewest']
  const row = ({ ms, least, most, ratio }) => {
    return [grouped(jobs), ms, count, grouped(least), grouped(most), ratio]
  }
  return [{ head, rows: rows.map(row) }]
}
