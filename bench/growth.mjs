/**
 * How jobs a second change as things grow: phases, workers, the payload, the jobs that wait. One at a time,
 * with everything else as in the smallest case.
 */
import { lineChart } from './charts.mjs'
import { Installation, manyPhases } from './installation.mjs'
import { spread } from './processes.mjs'
import { grouped, ranged } from './text-table.mjs'

const KiB = 1_024
const grown = {
  phases: [1, 2, 3, 5, 10],
  workers: [1, 2, 5, 10, 50, 100, 500],
  payloadBytes: [100, KiB, 10 * KiB, 100 * KiB, KiB * KiB],
  waitingJobs: [0, 10_000, 100_000, 1_000_000],
}
const titles = {
  phases: 'phases, a worker each',
  workers: 'workers of one phase, in at most ten processes',
  payloadBytes: 'bytes of payload',
  waitingJobs: 'jobs waiting',
}
/** Bytes of all jobs of a point at most: large payloads are fewer jobs. */
const bytesMax = 200 * KiB * KiB
const smallBytes = 100
const warmUpShare = 0.2

export async function growth({ jobs: given, runs, store, only }) {
  const jobs = Number(given ?? 20_000)
  const names = only === undefined ? Object.keys(grown) : only.split(',')
  const curves = []
  for (const name of names) {
    const points = []
    for (const size of grown[name]) {
      const rates = []
      for (let run = 0; run < Number(runs); run++) {
        rates.push(await rateAt({ store, jobs, [name]: size }))
      }
      points.push({ size, jobsPerSecond: spread(rates) })
      console.error(`${name} ${size}: ${rates.join(', ')} jobs/s`)
    }
    curves.push({ name, points })
  }
  return { store, jobs, runs: Number(runs), curves }
}

async function rateAt({ store, jobs: wanted, phases = 1, workers, ...sizes }) {
  const { payloadBytes = smallBytes, waitingJobs = 0 } = sizes
  const jobs = Math.min(wanted, Math.ceil(bytesMax / payloadBytes))
  const settings = { concurrency: '50', pipeline: manyPhases(phases) }
  const installation = await Installation.open(store, settings)
  const fill = 'x'.repeat(payloadBytes)
  const workOff = (count) => installation.workOff(count, () => ({ fill }), groupOf(payloadBytes))
  try {
    await installation.feed(waitingJobs, () => ({ fill }))
    if (workers === undefined) await installation.startWorkers()
    else await installation.startCrowd(workers)
    await workOff(Math.ceil(jobs * warmUpShare))
    const startedMs = performance.now()
    await workOff(jobs)
    return Math.round((jobs / (performance.now() - startedMs)) * 1_000)
  } finally {
    await installation.close()
  }
}

/** A group is one message: not more than a few MiB of it. */
function groupOf(payloadBytes) {
  return Math.max(1, Math.min(500, Math.floor((4 * KiB * KiB) / payloadBytes)))
}

export function growthTables({ curves }) {
  return curves.map(({ name, points }) => ({
    head: [titles[name], 'jobs/s'],
    rows: points.map(({ size, jobsPerSecond }) => [grouped(size), ranged(jobsPerSecond)]),
  }))
}

export function growthCharts({ curves }) {
  const charts = curves.map(({ name, points }) => {
    const drawn = points.filter(({ size }) => size > 0)
    const series = [{ label: '', points: drawn.map((at) => [at.size, at.jobsPerSecond.median]) }]
    const title = `Jobs a second by ${titles[name]}`
    const isLog = name !== 'phases'
    const chart = lineChart({ title, xLabel: titles[name], yLabel: 'jobs/s', isLog, series })
    return [`growth-${name.replace(/[A-Z].*/, '')}`, chart]
  })
  return Object.fromEntries(charts)
}
