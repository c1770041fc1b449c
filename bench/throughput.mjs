/**
 * Jobs a second through three phases in three processes, from the first enqueue to the last completion, and
 * what a job costs each process.
 */
import { Installation } from './installation.mjs'
import { cpuSeconds, round, spread, until } from './processes.mjs'

export async function throughput({ store, jobs: given, runs, json, ...sizes }) {
  const jobs = Number(given ?? 50_000)
  const figures = []
  let durability = ''
  for (let run = 0; run < Number(runs); run++) {
    const installation = await Installation.open(store, {
      concurrency: sizes.concurrency,
      managers: Number(sizes.managers),
      shards: Number(sizes.shards),
      workersOfEach: Number(sizes.workers),
    })
    durability = installation.store.durability
    try {
      await installation.startWorkers()
      figures.push(await measure(installation, jobs))
    } finally {
      await installation.close()
    }
  }
  const summary = spread(figures.map(({ jobsPerSecond }) => jobsPerSecond))
  if (json) console.log(JSON.stringify({ scenario: 'throughput', store, figures, ...summary }))
  else print({ durability, jobs, figures, summary })
}

/** So many jobs more than there were are enqueued, and so many done. */
async function measure(installation, jobs) {
  const { managers, workers } = installation
  const own = process.cpuUsage()
  const before = [...managers, ...workers].map(cpuSeconds)
  const startedMs = performance.now()
  await installation.feed(jobs)
  const enqueuedMs = performance.now() - startedMs
  await until(async () => (await installation.shard()).settled.done >= jobs)
  const seconds = (performance.now() - startedMs) / 1_000
  if (process.env.BENCH_VERBOSE) console.error(JSON.stringify(await installation.shard(), null, 1))
  const { user, system } = process.cpuUsage(own)
  const spent = [...managers, ...workers].map((child, n) => cpuSeconds(child) - before[n])
  const micros = spent.map((one) => (one / jobs) * 1e6)
  const ofWorkers = micros.slice(managers.length)
  const ofManagers = micros.slice(0, managers.length).reduce((sum, one) => sum + one, 0)
  return {
    jobs,
    seconds,
    jobsPerSecond: Math.round(jobs / seconds),
    enqueuedPerSecond: Math.round((jobs / enqueuedMs) * 1_000),
    managerMicros: round(ofManagers),
    workerMicros: round(ofWorkers.reduce((sum, one) => sum + one, 0) / ofWorkers.length),
    clientMicros: round((user + system) / jobs),
  }
}

function print({ durability, jobs, figures, summary }) {
  console.log(`three phases, ${durability}, ${jobs} jobs, ${figures.length} runs`)
  const spent = (key) => figures.map((one) => one[key]).join(', ')
  console.log(
    `processor time a job, µs: manager ${spent('managerMicros')}; each worker ${spent('workerMicros')}; client ${spent('clientMicros')}`,
  )
  console.log(`jobs/s: min ${summary.min}, median ${summary.median}, max ${summary.max}`)
}
