/** What everything in a world has around it: time, chance, and a way to tell what happens. */
import type { PipelineSpec } from '../src/core/spec.ts'
import type { Chance } from './chance.ts'
import type { Knobs } from './knobs.ts'

export interface Surroundings {
  readonly nowMs: number
  readonly knobs: Knobs
  readonly chance: Chance
  readonly spec: PipelineSpec
  /** Messages under way. */
  underWay: number
  /** Whether things still go wrong. */
  faultsOn(): boolean
  after(delayMs: number, act: () => void): void
  /** A line of the trace; a function when it is dear to make. */
  trace(line: string | (() => string)): void
  /** Something that must happen in some world, or the worlds are too tame. */
  saw(what: string): void
}
