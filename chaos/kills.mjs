// `npm run kills -- --kills 200 [--seed S]`: how fast the jobs of a killed worker start elsewhere. Exit 1 when
// the 99th percentile is over two seconds, or a job is lost or done twice.
import { parseArgs } from 'node:util'
import { runKills } from './kill-rounds.mjs'

const p99MsMax = 2_000

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => process.exit(130))

const seed = Number(values.seed)
const { moves, findings } = await runKills({
  ...{ seed, kills: Number(values.kills) },
  say: (line) => console.log(line),
})
moves.sort((a, b) => a - b)
const at = (share) => moves[Math.max(0, Math.ceil(moves.length * share) - 1)]
console.log(
  `${values.kills} workers killed, ${moves.length} jobs started elsewhere, ms from the kill: ` +
    `min ${moves[0]}, median ${at(0.5)}, p99 ${at(0.99)}, max ${moves.at(-1)}`,
)
for (const finding of findings) console.log(`FOUND ${finding}`)
const isFast = moves.length > 0 && at(0.99) <= p99MsMax
console.log(`${isFast && findings.length === 0 ? 'passed' : 'FAILED'}, seed ${seed}`)
process.exitCode = isFast && findings.length === 0 ? 0 : 1
