/**
 * The same three phases on this library and on its peers, one after the other in every run, so that what else
 * the machine does falls on all of them; what counts are the ratios within a run.
 */
import { barChart } from './charts.mjs'
import { contenders, pairs } from './contenders.mjs'
import { installPeers } from './peers/install.mjs'
import { hundredths, quantile, round, spread } from './processes.mjs'
import { ranged } from './text-table.mjs'

/** The same time for each: V8 compiles for seconds, and a number of jobs would warm up the slowest longest. */
const warmUpMs = 8_000
const warmUpShare = 0.1
const oneByOne = 300

export async function peers({ jobs: given, runs: wanted, only }) {
  installPeers()
  const jobs = Number(given ?? 40_000)
  const runs = Number(wanted)
  const names = chosen(only)
  const figures = new Map(names.map((name) => [name, []]))
  for (let run = 0; run < runs; run++) {
    // Who comes first takes turns.
    for (const at of names.keys()) {
      const name = names[(at + run) % names.length]
      const figure = await measure(contenders[name], jobs)
      console.error(`run ${run + 1}: ${name}: ${JSON.stringify(figure)}`)
      figures.get(name).push(figure)
    }
  }
  return { jobs, runs, ...summary(figures) }
}

/** Those that can run here, of those asked for. */
function chosen(only) {
  const asked = only === undefined ? Object.keys(contenders) : only.split(',')
  const unknown = asked.filter((name) => !Object.hasOwn(contenders, name))
  if (unknown.length > 0) {
    throw new Error(`no ${unknown.join(', ')}: there are ${Object.keys(contenders).join(', ')}`)
  }
  return asked.filter((name) => {
    const reason = contenders[name].missing?.()
    if (reason !== undefined) console.error(`without ${name}: ${reason}`)
    return reason === undefined
  })
}

async function measure({ open, share }, jobsOfFastest) {
  const jobs = Math.max(100, Math.round(jobsOfFastest * share))
  const contender = await open()
  try {
    await warmUp(contender, Math.ceil(jobs * warmUpShare))
    const startedMs = performance.now()
    await workOff(contender, jobs)
    const jobsPerSecond = Math.round((jobs / (performance.now() - startedMs)) * 1_000)
    const latencies = await latenciesOf(contender, oneByOne)
    return {
      ...{ jobs, jobsPerSecond },
      ...{
        p50Ms: hundredths(quantile(latencies, 0.5)),
        p99Ms: hundredths(quantile(latencies, 0.99)),
      },
    }
  } finally {
    await contender.close()
  }
}

async function warmUp(contender, jobs) {
  const endMs = performance.now() + warmUpMs
  while (performance.now() < endMs) await workOff(contender, jobs)
}

async function workOff(contender, jobs) {
  const goal = (await contender.done()) + jobs
  await Promise.all([contender.feed(jobs), contender.untilDone(goal)])
}

/** Milliseconds from the enqueue of a job to its completion, with no other job there. */
export async function latenciesOf(contender, count) {
  const latencies = []
  for (let n = 0; n < count; n++) {
    const startedMs = performance.now()
    await doOne(contender)
    latencies.push(performance.now() - startedMs)
  }
  return latencies
}

async function doOne(contender) {
  if (contender.doOne !== undefined) return await contender.doOne()
  const goal = contender.done() + 1
  await Promise.all([contender.feedOne(), contender.untilDone(goal)])
}

function summary(figures) {
  const measured = [...figures].map(([name, runs]) => {
    const { title, build, durability } = contenders[name]
    const of = (key) => spread(runs.map((one) => one[key]))
    return {
      ...{ name, title, build, durability, jobs: runs[0].jobs },
      ...{ jobsPerSecond: of('jobsPerSecond'), p50Ms: of('p50Ms'), p99Ms: of('p99Ms') },
    }
  })
  const ratios = pairs
    .filter((pair) => pair.every((name) => figures.has(name)))
    .map(([ours, peer]) => ({
      ...{ ours, peer },
      ...{ ratio: ratioOf(figures.get(ours), figures.get(peer)) },
    }))
  return { contenders: measured, ratios }
}

function ratioOf(ours, theirs) {
  const ratios = ours.map(({ jobsPerSecond }, run) => jobsPerSecond / theirs[run].jobsPerSecond)
  const { min, median, max } = spread(ratios)
  return { min: round(min), median: round(median), max: round(max) }
}

export function peersTables({ contenders: measured, ratios }) {
  const titleOf = (name) => {
    const { title, build, durability } = contenders[name]
    return `${title}, ${name.startsWith('ours') ? '' : `${build}, `}${durability}`
  }
  return [
    {
      head: ['system', 'how it is built', 'jobs/s', 'p50, ms', 'p99, ms', 'durability'],
      rows: measured.map(({ title, build, jobsPerSecond, p50Ms, p99Ms, durability }) => [
        ...[title, build, ranged(jobsPerSecond), ranged(p50Ms), ranged(p99Ms), durability],
      ]),
    },
    {
      head: ['ours', 'beside', 'times its jobs/s'],
      rows: ratios.map(({ ours, peer, ratio }) => [titleOf(ours), titleOf(peer), ranged(ratio)]),
    },
  ]
}

export function peersCharts({ contenders: measured }) {
  const bars = measured.map(({ name, title, durability, jobsPerSecond }) => ({
    ...{ label: title, note: durability, isOurs: name.startsWith('ours') },
    range: jobsPerSecond,
  }))
  const title = 'Jobs a second through three phases in three processes'
  return { peers: barChart({ title, unit: 'jobs/s', bars }) }
}
