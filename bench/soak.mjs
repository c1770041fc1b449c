/**
 * Half of what it can do, for a long time: does anything grow? Memory and files of the manager, its heap after
 * each full collection, how long it takes to answer, the size of the store; and no job may be missing.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { lineChart } from './charts.mjs'
import { Installation } from './installation.mjs'
import { hundredths, quantile, round } from './processes.mjs'
import { until } from './processes.mjs'

const calibrationJobs = 50_000
const groupSize = 100
const sampleMs = 10_000
/** Of the questions within a sample: their slowest answer is how long the manager's loop was held. */
const askMs = 250

export async function soak({ minutes: given, store }) {
  const minutes = Number(given ?? 60)
  const installation = await Installation.open(store, {
    ...{ concurrency: '50', managerFlags: ['--trace-gc'] },
  })
  try {
    await installation.startWorkers()
    const perSecond = Math.round((await peak(installation)) / 2)
    const heap = heapAfterCollections(installation.manager)
    const load = new HalfLoad(installation, perSecond)
    const samples = await sampled(installation, minutes, heap, () => load.sent)
    const sent = await load.stop()
    await until(async () => (await installation.shard()).settled.done >= sent + calibrationJobs)
    const { settled } = await installation.shard()
    const dropped = sent + calibrationJobs - settled.done
    return {
      store,
      minutes,
      perSecond,
      sent,
      dropped,
      ...growthOf(samples),
      samples: thinned(samples),
    }
  } finally {
    await installation.close()
  }
}

async function peak(installation) {
  const startedMs = performance.now()
  await installation.workOff(calibrationJobs)
  return (calibrationJobs / (performance.now() - startedMs)) * 1_000
}

/** Groups at even intervals; when one comes late the next ones make up for it. */
class HalfLoad {
  sent = 0
  #isOver = false
  #running

  constructor(installation, perSecond) {
    this.#running = this.#send(installation, perSecond)
  }

  async stop() {
    this.#isOver = true
    await this.#running
    return this.sent
  }

  async #send(installation, perSecond) {
    const startedMs = performance.now()
    while (!this.#isOver) {
      const dueMs = startedMs + (this.sent / perSecond) * 1_000
      const waitMs = dueMs - performance.now()
      if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
      await installation.feed(groupSize)
      this.sent += groupSize
    }
  }
}

async function sampled(installation, minutes, heap, sent) {
  const samples = []
  const startedMs = performance.now()
  const endMs = startedMs + minutes * 60_000
  while (performance.now() < endMs) {
    const sampleEndMs = Math.min(endMs, performance.now() + sampleMs)
    const { answerMs, lagMs } = await slowest(installation, sampleEndMs)
    const { done } = (await installation.shard()).settled
    samples.push({
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      ...processOf(installation.manager),
      ...{ heapMiB: heap.latestMiB, answerMs, lagMs, behind: sent() + calibrationJobs - done },
      storeMiB: await installation.store.sizeMiB(),
    })
  }
  return samples
}

/** How long an answer took, and how late the manager's timers were by its own account. */
async function slowest(installation, untilMs) {
  const [answers, lags] = [[0], [0]]
  while (performance.now() < untilMs) {
    const askedMs = performance.now()
    const { loopLagMs } = await installation.client.status()
    answers.push(performance.now() - askedMs)
    lags.push(loopLagMs)
    await new Promise((resolve) => setTimeout(resolve, askMs))
  }
  return { answerMs: round(quantile(answers, 1)), lagMs: round(quantile(lags, 1)) }
}

function processOf({ pid }) {
  const [, kiB] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { rssMiB: round(Number(kiB) / 1_024), files: readdirSync(`/proc/${pid}/fd`).length }
}

/** From the lines of `--trace-gc`: what a full collection left. */
function heapAfterCollections(manager) {
  const heap = { latestMiB: 0 }
  manager.stdout.on('data', (text) => {
    const [, left] = /Mark-Compact[^]*? -> ([\d.]+) \(/.exec(String(text)) ?? []
    if (left !== undefined) heap.latestMiB = round(Number(left))
  })
  return heap
}

/** Of the second half of the time: what grows then grows for ever. */
function growthOf(samples) {
  const late = samples.slice(samples.length >> 1)
  const heaps = late.filter(({ heapMiB }) => heapMiB > 0)
  const [first, last] = [late[0].rssMiB, late.at(-1).rssMiB]
  return {
    rssGrowthPercent: round((100 * (last - first)) / first),
    heapMiBAnHour: hundredths(slope(heaps.map((one) => [one.seconds / 3_600, one.heapMiB]))),
    filesMost: Math.max(...samples.map(({ files }) => files)),
    slowestAnswerMs: Math.max(...samples.map(({ answerMs }) => answerMs)),
    mostLagMs: Math.max(...samples.map(({ lagMs }) => lagMs)),
    storeMiBMost: Math.max(...samples.map(({ storeMiB }) => storeMiB)),
  }
}

/** Of the straight line through the points, by least squares. */
function slope(points) {
  const mean = (at) => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [meanX, meanY] = [mean(0), mean(1)]
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return under === 0 ? 0 : over / under
}

/** A file of results stays small. */
function thinned(samples) {
  const step = Math.ceil(samples.length / 60)
  return samples.filter((_, at) => at % step === 0)
}

export function soakTables(result) {
  const { minutes, perSecond, sent, dropped, rssGrowthPercent, heapMiBAnHour } = result
  const { filesMost, slowestAnswerMs, mostLagMs, storeMiBMost } = result
  return [
    {
      head: [
        'minutes',
        'jobs/s',
        'jobs',
        'missing',
        'most files',
        'slowest answer, ms',
        'timers late, ms',
        'store, MiB',
      ],
      rows: [
        [minutes, perSecond, sent, dropped, filesMost, slowestAnswerMs, mostLagMs, storeMiBMost],
      ],
    },
    {
      head: ['second half: memory, %', 'second half: heap after collection, MiB an hour'],
      rows: [[rssGrowthPercent, heapMiBAnHour]],
    },
  ]
}

export function soakCharts({ samples }) {
  const of = (label, key) => ({ label, points: samples.map((one) => [one.seconds / 60, one[key]]) })
  const axes = { xLabel: 'minutes', yLabel: 'MiB' }
  const memory = [of('memory', 'rssMiB'), of('heap after collection', 'heapMiB')]
  return {
    'soak-memory': lineChart({
      title: 'Memory of the manager at half load',
      ...axes,
      series: memory,
    }),
    'soak-store': lineChart({
      ...{ title: 'Size of the store at half load', ...axes, series: [of('', 'storeMiB')] },
    }),
    'soak-files': lineChart({
      ...{ title: 'Open files of the manager at half load', ...axes, yLabel: 'files' },
      series: [of('', 'files')],
    }),
    'soak-lag': lineChart({
      ...{ title: 'The loop of the manager at half load, the worst within ten seconds', ...axes },
      ...{ yLabel: 'ms', series: [of('timers late', 'lagMs'), of('status answered', 'answerMs')] },
    }),
  }
}
