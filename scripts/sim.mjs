// `npm run sim -- --seeds N [--seed FIRST] [--profile P] [--log]`: compiles the simulator and runs it, on
// as many cores as there are when there are many seeds.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildSim } from './build-sim.mjs'
import { out } from './run-step.mjs'

const folder = join(out, 'sim')
buildSim(folder)
const main = join(folder, 'sim/main.js')
const args = process.argv.slice(2)
const number = { type: 'string' }
const { values } = parseArgs({ args, strict: false, options: { seeds: number, seed: number } })
const seeds = Number(values.seeds ?? 1_000)
const first = Number(values.seed ?? 1)
const cores = values.log || seeds < 1_000 ? 1 : availableParallelism()

const share = Math.ceil(seeds / cores)
const codes = await Promise.all(
  Array.from({ length: cores }, async (_, n) => {
    const own = ['--seed', String(first + n * share), '--seeds', String(Math.min(share, seeds))]
    const child = spawn(process.execPath, [main, ...args, ...own], { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    return code ?? 1
  }),
)
process.exitCode = Math.max(...codes)
