/** Five hundred workers on one manager: whether all get work, and what their beats cost it. */
import { Installation, manyPhases } from './installation.mjs'
import { cpuSeconds, hundredths, takePeakMiB } from './processes.mjs'

/** Long enough that one worker cannot do it all. */
const jobMs = 20
const jobsOfEach = 20

export async function workers({ count: given, seconds: forSeconds, store }) {
  const count = Number(given ?? 500)
  const seconds = Number(forSeconds ?? 20)
  const settings = { concurrency: '1', pipeline: manyPhases(1) }
  const installation = await Installation.open(store, settings)
  try {
    const startedMs = performance.now()
    await installation.startCrowd(count)
    const readyMs = Math.round(performance.now() - startedMs)
    await installation.workOff(count * jobsOfEach, () => ({ ms: jobMs }))
    const { manager } = installation
    const { workers: all } = await installation.shard()
    const granted = all.filter(({ done }) => done > 0).length
    const before = cpuSeconds(manager)
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
    const beatPercent = hundredths((100 * (cpuSeconds(manager) - before)) / seconds)
    return {
      workers: count,
      readyMs,
      granted,
      beatPercent,
      rssMiB: takePeakMiB(manager),
    }
  } finally {
    await installation.close()
  }
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
