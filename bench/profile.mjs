/**
 * Where the processor time of manager and workers goes while jobs run through three phases: profiles of V8 as
 * shares and as flame graphs. Of this tree, or of another revision measured by the same benchmark.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atRevision, runOf } from './compare.mjs'
import { flameGraph, sharesOf } from './flame-graph.mjs'
import { round } from './processes.mjs'

/** In the order in which a benchmark starts them; the worker is that of the first phase. */
const roles = ['manager', 'worker']

/** `--to`: a folder for the pictures. */
export async function profile({ store, jobs: given, to }, revision) {
  const jobs = given ?? '100000'
  const profiles = atRevision(revision, (folder) => profilesOf(folder, { store, jobs }))
  if (to !== undefined) {
    mkdirSync(to, { recursive: true })
    for (const [role, one] of profiles) {
      const title = `${role}, ${revision ?? 'this tree'}, ${jobs} jobs on ${store}`
      writeFileSync(join(to, `flame-${role}.svg`), flameGraph(title, one))
    }
  }
  return {
    ...{ store, jobs: Number(jobs), revision: revision ?? 'this tree' },
    profiles: [...profiles].map(([role, one]) => ({ role, shares: sharesOf(one) })),
  }
}

function profilesOf(folder, { store, jobs }) {
  const into = mkdtempSync(join(tmpdir(), 'carbontube-profile-'))
  try {
    runOf(folder, ['throughput', '--json', '--runs', '1', '--store', store, '--jobs', jobs], {
      BENCH_PROFILE: into,
    })
    const files = readdirSync(into).toSorted(byProcess)
    return new Map(
      roles.map((role, at) => [role, JSON.parse(readFileSync(join(into, files[at]), 'utf8'))]),
    )
  } finally {
    rmSync(into, { recursive: true, force: true })
  }
}

/** `CPU.date.time.PID.thread.number.cpuprofile`: processes in the order in which they were started. */
function byProcess(one, other) {
  const pidOf = (file) => Number(file.split('.')[3])
  return pidOf(one) - pidOf(other)
}

export function profileTables({ profiles }) {
  return profiles.map(({ role, shares }) => ({
    head: [role, '% of its time'],
    rows: shares.map(({ part, share }) => [part, String(round(100 * share))]),
  }))
}
