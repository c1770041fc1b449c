/**
 * The same three phases on this library and on its peers, one after the other in every run, so that what else
 * the machine does falls on all of them; what counts are the ratios within a run.
 */
import { contenders, pairs } from './contenders.mjs'
import { installPeers } from './peers/install.mjs'
import { quantile, round, spread } from './processes.mjs'
import { thisMachine, writeResult } from './results.mjs'
import { table } from './text-table.mjs'

/** A tenth of it to warm up, but compilers need some. */
const warmUpShare = 0.2
const oneByOne = 300

export async function peers({ jobs: given, runs: wanted, only, json, save }) {
  installPeers()
  const jobs = Number(given ?? 20_000)
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
  const result = { ...thisMachine(), jobs, runs, ...summary(figures) }
  if (save) writeResult('peers', result)
  if (json) console.log(JSON.stringify(result))
  else print(result)
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
    await workOff(contender, Math.ceil(jobs * warmUpShare))
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

function hundredths(number) {
  return Math.round(number * 100) / 100
}

function print({ jobs, runs, contenders: measured, ratios }) {
  console.log(`three phases, up to ${jobs} jobs, ${runs} runs; min / median / max`)
  const range = ({ min, median, max }) => `${min} / ${median} / ${max}`
  console.log(
    table(
      ['', 'jobs/s', 'p50 ms', 'p99 ms', 'durability'],
      measured.map(({ name, jobsPerSecond, p50Ms, p99Ms, durability }) => [
        ...[name, range(jobsPerSecond), range(p50Ms), range(p99Ms), durability],
      ]),
    ),
  )
  console.log(
    table(
      ['ours', 'peer', 'times its jobs/s'],
      ratios.map(({ ours, peer, ratio }) => [ours, peer, range(ratio)]),
    ),
  )
}
