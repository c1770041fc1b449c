/**
 * Two revisions beside each other: this working tree, and another that is checked out and built in a temporary
 * folder. Both are measured by the benchmark of this tree, in turns.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hundredths, spread } from './processes.mjs'
import { grouped, ranged } from './text-table.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Of this tree, also in the other: the same measure for both. */
const measuring = ['bench', 'test/servers', 'test/wait.ts']
const measures = ['jobsPerSecond', 'managerMicros', 'workerMicros', 'clientMicros']

export async function compare({ store, jobs: given, runs: wanted, concurrency }, revision) {
  if (revision === undefined) throw new Error('compare with what? npm run bench -- compare main')
  const [jobs, runs] = [given ?? '50000', Number(wanted)]
  return atRevision(revision, (folder) => {
    const args = ['throughput', '--runs', '1', '--json', ...['--store', store, '--jobs', jobs]]
    const measure = (at) =>
      JSON.parse(runOf(at, [...args, '--concurrency', concurrency])).figures[0]
    const figures = []
    for (let run = 0; run < runs; run++) {
      // Who comes first takes turns.
      const first = run % 2 === 0 ? root : folder
      const one = measure(first)
      const other = measure(first === root ? folder : root)
      figures.push(first === root ? { now: one, before: other } : { now: other, before: one })
      console.error(`run ${run + 1}: ${JSON.stringify(figures.at(-1))}`)
    }
    return { revision, store, jobs: Number(jobs), runs, measures: measures.map(summaryOf(figures)) }
  })
}

/**
 * Answers what `act` does with a folder where another revision stands built; without one, with this tree. This
 * tree is built too.
 */
export function atRevision(revision, act) {
  build(root)
  if (revision === undefined) return act(root)
  const folder = checkedOut(revision)
  try {
    build(folder)
    return act(folder)
  } finally {
    execFileSync('git', ['worktree', 'remove', '--force', folder], { cwd: root })
  }
}

/** What a scenario prints there. */
export function runOf(folder, args, env = {}) {
  return execFileSync(process.execPath, [join(folder, 'bench/run.mjs'), ...args], {
    ...{ cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, ...env },
  })
}

function summaryOf(figures) {
  return (measure) => {
    const of = (which) => spread(figures.map((one) => one[which][measure]))
    const ratios = figures.map(({ now, before }) => hundredths(now[measure] / before[measure]))
    return { measure, now: of('now'), before: of('before'), ratio: spread(ratios) }
  }
}

/** The packages are those of this tree: what differs is the code. */
function checkedOut(revision) {
  const folder = mkdtempSync(join(tmpdir(), 'carbontube-compare-'))
  execFileSync('git', ['worktree', 'add', '--detach', folder, revision], {
    ...{ cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const path of measuring) {
    rmSync(join(folder, path), { recursive: true, force: true })
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: isOurs })
  }
  return folder
}

function isOurs(path) {
  return !path.includes('node_modules')
}

function build(folder) {
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-b'], { cwd: folder, stdio: 'inherit' })
}

export function compareTables({ revision, runs, measures: found }) {
  const head = [`${grouped(runs)} runs`, 'this tree', revision, 'ratio']
  const names = {
    ...{ jobsPerSecond: 'jobs/s', managerMicros: 'manager, µs a job' },
    ...{ workerMicros: 'each worker, µs a job', clientMicros: 'client, µs a job' },
  }
  const rows = found.map(({ measure, now, before, ratio }) => [
    ...[names[measure], ranged(now), ranged(before), ranged(ratio)],
  ])
  return [{ head, rows }]
}
