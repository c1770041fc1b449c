/** How soon the jobs of a killed worker run elsewhere: `npm run kills`, as a scenario. */
import { runKills } from '../chaos/kill-rounds.mjs'
import { quantile } from './processes.mjs'

export async function recovery({ count: given }) {
  const kills = Number(given ?? 50)
  const { moves, findings } = await runKills({ seed: 1, kills, say: (line) => console.error(line) })
  if (findings.length > 0) throw new Error(findings.join('\n'))
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => quantile(moves, share))
  return { kills, jobs: moves.length, p50Ms, p99Ms, maxMs }
}

export function recoveryTables({ kills, jobs, p50Ms, p99Ms, maxMs }) {
  const head = ['workers killed', 'their jobs', 'p50, ms', 'p99, ms', 'longest, ms']
  return [{ head, rows: [[kills, jobs, p50Ms, p99Ms, maxMs]] }]
}
