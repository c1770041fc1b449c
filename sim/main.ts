/**
 * A campaign: many seeds, one after the other. Prints what was seen and how fast, stops at the first
 * violation with the smallest world that still has it.
 */
import { parseArgs } from 'node:util'
import { calm, profiles, type Knobs, type Profile } from './knobs.ts'
import { minimise } from './minimise.ts'
import { knobsOf, simulate } from './simulate.ts'
import { unseen } from './sometimes.ts'

const usage = `usage: npm run sim -- [--seeds N] [--seed FIRST] [--profile ${profiles.join('|')}]
  [--log] [--change JSON] [--quiet]`

/** Every so many seeds one is run twice: the same seed must give the same trace. */
const traceEvery = 50

function main(): number {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      profile: { type: 'string' },
      change: { type: 'string', default: '{}' },
      log: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
    },
  })
  const profile = profiles.find((one) => one === values.profile)
  if (values.profile !== undefined && profile === undefined) return fail(usage)
  const change = JSON.parse(values.change) as Partial<Knobs>
  const first = Number(values.seed)
  if (values.log) return logged(first, profile, change)
  return campaign({ first, seeds: Number(values.seeds), profile, change, isQuiet: values.quiet })
}

interface Campaign {
  readonly first: number
  readonly seeds: number
  readonly profile: Profile | undefined
  readonly change: Partial<Knobs>
  readonly isQuiet: boolean
}

function campaign({ first, seeds, profile, change, isQuiet }: Campaign): number {
  const startedMs = performance.now()
  const seen = new Map<string, number>()
  let steps = 0
  let virtualMs = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const simulation = { seed, profile, change }
    const isTraced = seed % traceEvery === 0
    const outcome = simulate({ ...simulation, isTraced })
    if (outcome.violation !== undefined) return found(simulation, outcome.violation, isQuiet)
    if (isTraced && simulate({ ...simulation, isTraced }).traceHash !== outcome.traceHash) {
      return fail(`seed ${seed} gives another trace the second time`)
    }
    for (const [what, count] of outcome.seen) seen.set(what, (seen.get(what) ?? 0) + count)
    steps += outcome.steps
    virtualMs += outcome.virtualMs
  }
  const seconds = (performance.now() - startedMs) / 1_000
  for (const [what, count] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1)))
    say(`${String(count).padStart(9)}  ${what}`)
  say(
    `${seeds} seeds from ${first}: no violation; ${steps} steps, ${Math.round(virtualMs / 3_600_000)} h ` +
      `of virtual time, ${Math.round(seeds / seconds)} seeds/s`,
  )
  const missing = profile === undefined && seeds >= 1_000 ? unseen(seen) : []
  return missing.length === 0 ? 0 : fail(`never seen, so never tested: ${missing.join(', ')}`)
}

function found(
  simulation: { seed: number; profile: Profile | undefined; change: Partial<Knobs> },
  violation: Error,
  isQuiet: boolean,
): number {
  const { seed } = simulation
  if (isQuiet) return fail(`seed ${seed}: ${violation.message}`)
  console.error(`seed ${seed}: ${violation.stack ?? violation.message}`)
  const smallest = minimise(simulation)
  const change = JSON.stringify(smallest.change)
  console.error(`knobs that matter: ${JSON.stringify(differences(knobsOf(smallest)))}`)
  const profile = simulation.profile === undefined ? '' : ` --profile ${simulation.profile}`
  console.error(`see it: npm run sim -- --seed ${seed}${profile} --log --change '${change}'`)
  return fail(`smallest world: ${smallest.violation.message}`)
}

function differences(knobs: Knobs): Partial<Knobs> {
  const entries = Object.entries(knobs).filter(([key, value]) => calm[key as keyof Knobs] !== value)
  return Object.fromEntries(entries)
}

function logged(seed: number, profile: Profile | undefined, change: Partial<Knobs>): number {
  const { violation } = simulate({ seed, profile, change, isTraced: true, log: say })
  return violation === undefined ? 0 : fail(violation.stack ?? violation.message)
}

function say(line: string): void {
  console.log(line)
}

function fail(why: string): number {
  console.error(why)
  return 1
}

process.exitCode = main()
