/** One seed: draw a world, run it, say what came of it. */
import { Chance } from './chance.ts'
import { drawKnobs, profiles, type Knobs, type Profile } from './knobs.ts'
import { hash } from './workload.ts'
import { World, type WorldOutcome } from './world.ts'

export interface Simulation {
  readonly seed: number
  /** Default: one of the profiles, by the seed. */
  readonly profile?: Profile | undefined
  /** What is different from what the seed draws. */
  readonly change?: Partial<Knobs> | undefined
  /** Also hash everything that happens. */
  readonly isTraced?: boolean | undefined
  readonly log?: ((line: string) => void) | undefined
}

export function knobsOf({ seed, profile, change }: Simulation): Knobs {
  const chosen = profile ?? profiles[seed % profiles.length] ?? 'mixed'
  return { ...drawKnobs(new Chance(hash(`knobs ${seed}`)), chosen), ...change }
}

export function simulate(simulation: Simulation): WorldOutcome {
  const { seed, isTraced = false, log } = simulation
  const world = new World(hash(`world ${seed}`), knobsOf(simulation), { isTraced })
  if (log !== undefined) world.log = log
  return world.run()
}
