/**
 * Instructions that the core executes for one job, counted by valgrind: a figure that no other process on the
 * machine changes. The interpreter runs the code, since what the compiler makes of it, and when, differs from
 * run to run; so the count says what the code does, and not how fast it is. `--check` fails above `tolerance`.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readResult } from './results.mjs'
import { grouped } from './text-table.mjs'

const tolerance = 0.1
const jobsCounted = 2_000
const file = fileURLToPath(new URL('core-path.mjs', import.meta.url))
const flags = ['--jitless', '--single-threaded', '--hash-seed=1', '--random-seed=1']
const valgrind = ['--tool=cachegrind', '--cache-sim=no', '--cachegrind-out-file=/dev/null']

export function counts({ check }) {
  // What starting takes is in both.
  const perJob = Math.round((instructionsOf(jobsCounted) - instructionsOf(0)) / jobsCounted)
  const before = comparable()
  const change = before === undefined ? 0 : perJob / before - 1
  if (check && change > tolerance) {
    const [now, then] = [grouped(perJob), grouped(before)]
    console.error(`the core takes ${now} instructions a job, and took ${then}: faster, or --save`)
    process.exitCode = 1
  }
  return { jobs: jobsCounted, perJob, changePercent: Math.round(change * 1_000) / 10 }
}

/** The count of another Node says nothing: its interpreter is another. */
function comparable() {
  const { machine, perJob } = readResult('counts') ?? {}
  if (machine?.node === process.version) return perJob
  console.error(`nothing to compare with: no count of Node ${process.version} was saved`)
  return undefined
}

function instructionsOf(jobs) {
  const args = [...valgrind, process.execPath, ...flags, file, String(jobs)]
  const { error, stderr } = spawnSync('valgrind', args, { encoding: 'utf8' })
  const [, found] = /I +refs: +([\d,]+)/.exec(stderr ?? '') ?? []
  if (found === undefined) throw new Error(`valgrind counts nothing: ${error ?? stderr}`)
  return Number(found.replaceAll(',', ''))
}

export function countsTables({ perJob, changePercent }) {
  const head = ['instructions a job, interpreted', 'to the count before, %']
  return [{ head, rows: [[grouped(perJob), changePercent]] }]
}
