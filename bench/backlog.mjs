/**
 * What a million waiting jobs cost, on each store: memory of the manager, jobs a second beside an empty queue
 * in the same run, and the time from the start of a manager whose forerunner was killed to the first grant.
 */
import { existsSync, readFileSync } from 'node:fs'
import { Installation, executions } from './installation.mjs'
import { cpuSeconds, end, round, spread, takePeakMiB, until } from './processes.mjs'

export async function backlog({ stores, jobs: given, work, runs, concurrency, json }) {
  const jobs = Number(given ?? 1_000_000)
  const figures = []
  for (const store of stores.split(',')) {
    const settings = { store, jobs, work: Number(work), runs: Number(runs), concurrency }
    figures.push(await measureStore(settings))
  }
  if (json) console.log(JSON.stringify({ scenario: 'backlog', jobs, figures }))
  else print({ jobs, work, figures })
}

async function measureStore({ store, jobs, work, runs, concurrency }) {
  const full = await Installation.open(store, { concurrency })
  const empty = await Installation.open(store, { concurrency })
  try {
    const filled = await fill(full, jobs)
    progress(`${store}: ${JSON.stringify(filled)}`)
    const rates = await alternate({ empty, full }, { store, work, runs })
    const workMiB = takePeakMiB(full.manager)
    const sizeMiB = await full.store.sizeMiB()
    const waiting = (await full.shard()).phases.reduce((sum, phase) => sum + phase.waiting, 0)
    const restarts = await restartTimes(full, runs)
    progress(`${store}: restarts ${restarts.join(', ')} ms`)
    return {
      ...{ store, durability: full.store.durability, jobs, waiting },
      ...{ ...filled, workMiB, restartMiB: takePeakMiB(full.manager), sizeMiB },
      ...{ rates, empty: spreads(rates.empty), full: spreads(rates.full) },
      ratio: spread(rates.full.map(({ rate }, run) => rate / rates.empty[run].rate)),
      ...{ restarts, restartMs: spread(restarts) },
    }
  } finally {
    await empty.close()
    await full.close()
  }
}

async function fill(installation, jobs) {
  takePeakMiB(installation.manager)
  const startedMs = performance.now()
  await installation.feed(jobs)
  const seconds = (performance.now() - startedMs) / 1_000
  const filledPerSecond = Math.round(jobs / seconds)
  return { filledPerSecond, fillMiB: takePeakMiB(installation.manager) }
}

/** Who comes first takes turns: the machine is not the same all the time. */
async function alternate({ empty, full }, { store, work, runs }) {
  const rates = { empty: [], full: [] }
  for (let run = 0; run < runs; run++) {
    const onEmpty = async () => rates.empty.push(await measureWork(empty, work))
    const onFull = async () => rates.full.push(await measureWork(full, work))
    for (const one of run % 2 === 0 ? [onEmpty, onFull] : [onFull, onEmpty]) await one()
    const [alone, beside] = [rates.empty[run], rates.full[run]]
    progress(
      `${store}: empty ${alone.rate}, full ${beside.rate} jobs/s; manager ${alone.micros}, ${beside.micros} µs a job`,
    )
  }
  return rates
}

/** With new workers, after a fifth as many jobs to warm up. */
async function measureWork(installation, work) {
  await installation.startWorkers()
  await workOff(installation, work / 5)
  const cpuBefore = cpuSeconds(installation.manager)
  const startedMs = performance.now()
  await workOff(installation, work)
  const rate = Math.round((work / (performance.now() - startedMs)) * 1_000)
  const micros = round(((cpuSeconds(installation.manager) - cpuBefore) / work) * 1e6)
  await installation.stopWorkers()
  return { rate, micros }
}

/**
 * So many are enqueued, and so many worked off, whichever they are: with others waiting, not those that have
 * just come. Three executions are a job's worth: a phase may run ahead of the next.
 */
async function workOff(installation, jobs) {
  const before = await installation.shard()
  const goal = executions(before) + before.phases.length * jobs
  const isWorkedOff = async () => executions(await installation.shard()) >= goal
  await Promise.all([installation.feed(jobs), until(isWorkedOff)])
}

function spreads(runs) {
  return {
    rate: spread(runs.map(({ rate }) => rate)),
    micros: spread(runs.map((one) => one.micros)),
  }
}

/** Milliseconds from the start of a new manager to the first execution of what it has granted. */
async function restartTimes(installation, runs) {
  await installation.startWorkers({ noting: true })
  const times = []
  for (let run = 0; run < runs; run++) {
    const { settled } = await installation.shard()
    await until(async () => (await installation.shard()).settled.done > settled.done + 1_000)
    await end(installation.manager, 'SIGKILL')
    // Until the workers have executed what they had.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const startedMs = Date.now()
    installation.startManager()
    const firstAfter = () => seenAfter(installation.seenFile, startedMs)
    await until(() => firstAfter() !== undefined, 5)
    times.push(firstAfter() - startedMs)
  }
  return times
}

function seenAfter(file, sinceMs) {
  if (!existsSync(file)) return undefined
  const times = readFileSync(file, 'utf8').trim().split('\n').map(Number)
  return times.find((timeMs) => timeMs > sinceMs)
}

function print({ jobs, work, figures }) {
  console.log(`${jobs} waiting jobs of three phases; ${work} enqueued and worked off beside them`)
  const columns = [
    'store',
    'fill',
    'manager MiB',
    'jobs/s',
    'manager µs a job',
    'first grant, ms',
    'store',
  ]
  const units = [
    '',
    'jobs/s',
    'fill / work',
    'empty / full / ratio',
    'empty / full',
    'median (max)',
    'MiB',
  ]
  const rows = figures.map((one) => [
    one.store,
    String(one.filledPerSecond),
    `${one.fillMiB} / ${one.workMiB}`,
    `${one.empty.rate.median} / ${one.full.rate.median} / ${one.ratio.median.toFixed(2)}`,
    `${one.empty.micros.median} / ${one.full.micros.median}`,
    `${one.restartMs.median} (${one.restartMs.max})`,
    String(one.sizeMiB),
  ])
  for (const row of [columns, units, ...rows]) {
    console.log(
      row
        .map((cell, n) => cell.padEnd(n === 0 ? 10 : 22))
        .join('')
        .trimEnd(),
    )
  }
}

/** Apart from the table, which may be read by a program. */
function progress(text) {
  console.error(text)
}
