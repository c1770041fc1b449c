/** What checkers see of a world. */
import type { Checker } from './checker.ts'
import type { SimStore } from './sim-store.ts'
import type { Surroundings } from './surroundings.ts'

export interface CheckedWorld extends Surroundings {
  readonly store: SimStore
  readonly client: { readonly acknowledged: ReadonlySet<string> }
  /** Whether a process that lives is at this run. */
  isRunning(incarnation: string, token: string): boolean
}

export type MakeChecker = (world: CheckedWorld) => Checker
