// `npm run mutants [-- --seeds N] [--only TEXT]`: builds the simulator once for each deliberate bug and looks how many
// seeds it takes to notice. Exit code 1 when a mutant survives.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { mutants } from '../sim/mutants.mjs'
import { buildSim } from './build-sim.mjs'
import { out } from './run-step.mjs'

/**
 * The seed at which the mutant was noticed, and what was said.
 *
 * @param {{ name: string, file: string, find: string, replace: string }} mutant
 * @param {number} seeds at most
 * @returns {Promise<{ seed?: number, violation?: string }>} without a seed it survived
 */
export async function hunt(mutant, seeds) {
  const folder = join(out, 'mutants', String(mutants.indexOf(mutant)))
  buildSim(folder, [mutant])
  const args = [join(folder, 'sim/main.js'), '--seeds', String(seeds), '--quiet']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (text) => (errors += text))
  const [code] = await once(child, 'close')
  rmSync(folder, { recursive: true, force: true })
  if (code === 0) return {}
  const [, seed, violation] = /^seed (\d+): (.*)$/m.exec(errors) ?? []
  if (seed === undefined) throw new Error(`"${mutant.name}" did not run: ${errors}`)
  return { seed: Number(seed), violation }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = { seeds: { type: 'string', default: '20000' }, only: { type: 'string' } }
  const { values } = parseArgs({ options })
  const chosen = mutants.filter(({ name }) => name.includes(values.only ?? ''))
  const waiting = [...chosen]
  const rows = new Map()
  const work = async () => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      rows.set(mutant, await hunt(mutant, Number(values.seeds)))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  console.log('| mutant | seeds needed | noticed as |\n| --- | ---: | --- |')
  for (const mutant of chosen) {
    const { seed, violation = '' } = rows.get(mutant)
    console.log(`| ${mutant.name} | ${seed ?? '**survived**'} | ${violation.slice(0, 80)} |`)
  }
  const survivors = chosen.filter((mutant) => rows.get(mutant).seed === undefined)
  console.log(`${chosen.length - survivors.length} noticed, ${survivors.length} survived`)
  process.exitCode = survivors.length === 0 ? 0 : 1
}
