/** What a manager and its workers cost while there is nothing to do: processor time, and writes of the store. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Installation } from './installation.mjs'
import { cpuSeconds, hundredths } from './processes.mjs'

const settleMs = 3_000
const lookMs = 20

/** On SQLite, whose files tell by their times when they were written. */
export async function idle({ seconds: given }) {
  const seconds = Number(given ?? 60)
  const installation = await Installation.open('sqlite', { concurrency: '50' })
  try {
    await installation.startWorkers()
    await installation.feed(1_000)
    // The last of it is done, acknowledged, and a checkpoint over.
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const all = [installation.manager, ...installation.workers]
    const before = all.map(cpuSeconds)
    const writes = await countWrites(join(installation.folder, '.carbontube'), seconds * 1_000)
    const shares = all.map((child, at) => (100 * (cpuSeconds(child) - before[at])) / seconds)
    const [manager, ...workers] = shares.map(hundredths)
    const writesIn3s = hundredths((writes / seconds) * 3)
    return { seconds, managerPercent: manager, workerPercent: Math.max(...workers), writesIn3s }
  } finally {
    await installation.close()
  }
}

/** How often a file of the folder changes. Two writes within a look count as one. */
async function countWrites(folder, forMs) {
  let writes = 0
  let seen = newest(folder)
  for (const endMs = performance.now() + forMs; performance.now() < endMs;) {
    await new Promise((resolve) => setTimeout(resolve, lookMs))
    const now = newest(folder)
    if (now !== seen) writes += 1
    seen = now
  }
  return writes
}

function newest(folder) {
  // Not the index of the log, which readers touch as well.
  const names = readdirSync(folder).filter((name) => /\.db(-wal)?$/.test(name))
  return names.map((name) => statSync(join(folder, name)).mtimeMs).join()
}

export function idleTables({ seconds, managerPercent, workerPercent, writesIn3s }) {
  const head = ['idle for', 'manager, % of a core', 'busiest worker, %', 'store writes in 3 s']
  return [{ head, rows: [[`${seconds} s`, managerPercent, workerPercent, writesIn3s]] }]
}
