/** Five hundred workers on one manager: whether all get work, and what their beats cost it. */
import { fileURLToPath } from 'node:url'
import { Installation, manyPhases } from './installation.mjs'
import { cpuSeconds, end, hundredths, startCommand, takePeakMiB } from './processes.mjs'
import { until, untilReady } from './processes.mjs'

const processes = 10
/** Long enough that one worker cannot do it all. */
const jobMs = 20
const jobsOfEach = 20

export async function workers({ count: given, seconds: forSeconds, store }) {
  const count = Number(given ?? 500)
  const seconds = Number(forSeconds ?? 20)
  const settings = { concurrency: '1', pipeline: manyPhases(1) }
  const installation = await Installation.open(store, settings)
  const crowds = []
  try {
    const startedMs = performance.now()
    crowds.push(...startCrowds(installation, count))
    await Promise.all(crowds.map((child) => untilReady(child, 'a crowd of workers')))
    await until(async () => (await readyWorkers(installation)) === count)
    const readyMs = Math.round(performance.now() - startedMs)
    await installation.feed(count * jobsOfEach, () => ({ ms: jobMs }))
    const { manager } = installation
    await until(async () => (await installation.shard()).settled.done >= count * jobsOfEach)
    const { workers: all } = await installation.shard()
    const granted = all.filter(({ done }) => done > 0).length
    const before = cpuSeconds(manager)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    const beatPercent = hundredths((100 * (cpuSeconds(manager) - before)) / seconds)
    return {
      workers: count,
      processes,
      readyMs,
      granted,
      beatPercent,
      rssMiB: takePeakMiB(manager),
    }
  } finally {
    await Promise.all(crowds.map((child) => end(child, 'SIGKILL')))
    await installation.close()
  }
}

function startCrowds(installation, count) {
  const file = fileURLToPath(new URL('crowd.mjs', import.meta.url))
  const [[pull, sub]] = installation.doors
  return Array.from({ length: processes }, (_, at) => {
    const share = Math.floor((count * (at + 1)) / processes) - Math.floor((count * at) / processes)
    return startCommand(process.execPath, [file, pull, sub, String(share)], { channel: true })
  })
}

async function readyWorkers(installation) {
  return (await installation.shard()).workers.filter(({ state }) => state === 'ready').length
}

export function workersTables({ workers: count, readyMs, granted, beatPercent, rssMiB }) {
  const head = [
    'workers',
    'all ready after, ms',
    'granted jobs',
    'beats, % of a core',
    'manager, MiB',
  ]
  return [{ head, rows: [[count, readyMs, granted, beatPercent, rssMiB]] }]
}
