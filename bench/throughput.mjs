/**
 * Jobs a second through three phases in three processes, from the first enqueue to the last completion, and
 * what a job costs each process. Before that, some are done to warm up: V8 compiles the code of a process in
 * the first seconds of its work, which takes a seventh of their time.
 */
import { Installation } from './installation.mjs'
import { cpuSeconds, round, spread } from './processes.mjs'

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
      await installation.workOff(Number(sizes['warm-up']))
      figures.push(await measure(installation, jobs))
    } finally {
      await installation.close()
    }
  }
  const summary = spread(figures.map(({ jobsPerSecond }) => jobsPerSecond))
  if (json) console.log(JSON.stringify({ scenario: 'throughput', store, figures, ...summary }))
  else print({ durability, jobs, figures, summary })
}

async function measure(installation, jobs) {
  const { managers, workers } = installation
  const own = process.cpuUsage()
  const before = [...managers, ...workers].map(cpuSeconds)
  const startedMs = performance.now()
  const enqueuedMs = (await installation.workOff(jobs)) - startedMs
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
