/** What was measured, as files that the tables and charts of README.md are made from. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, fdatasyncSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { rmSync, writeFileSync, writeSync } from 'node:fs'
import { cpus, loadavg, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quantile } from './processes.mjs'

const folder = fileURLToPath(new URL('results', import.meta.url))

/** Overwrites what this scenario measured before. */
export function writeResult(scenario, result) {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${scenario}.json`)
  writeFileSync(path, `${JSON.stringify({ scenario, ...result }, null, 2)}\n`)
  console.error(`wrote ${path}`)
}

/** `undefined` when it was never measured. */
export function readResult(scenario) {
  const path = join(folder, `${scenario}.json`)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** When, what and where: absolute figures mean nothing without it. */
export function thisMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    revision: revision(),
    machine: {
      ...{ processor: cpus()[0].model, cores: cpus().length, node: process.version },
      ...{ memoryGiB: Math.round(totalmem() / 2 ** 30), fdatasyncMs: fdatasyncMs() },
      /** Of the minute before: others at work show here. */
      loadBefore: Math.round(loadavg()[0] * 100) / 100,
    },
  }
}

function revision() {
  try {
    const flags = ['describe', '--always', '--dirty']
    return execFileSync('git', flags, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}

/** Median of some appends of 4 KiB, where the stores have their files. */
function fdatasyncMs() {
  const path = join(tmpdir(), `carbontube-fdatasync-${process.pid}`)
  const file = openSync(path, 'w')
  const times = Array.from({ length: 50 }, () => {
    writeSync(file, Buffer.alloc(4_096))
    const startedMs = performance.now()
    fdatasyncSync(file)
    return performance.now() - startedMs
  })
  closeSync(file)
  rmSync(path)
  return Math.round(quantile(times, 0.5) * 100) / 100
}
