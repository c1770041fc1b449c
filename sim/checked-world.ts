/** What checkers see of a world. */
import type { Checker } from './checker.ts'
import type { SimStore } from './sim-store.ts'
import type { Surroundings } from './surroundings.ts'

export interface CheckedWorld extends Surroundings {
  readonly store: SimStore
  readonly client: { readonly acknowledged: ReadonlySet<string> }
}

export type MakeChecker = (world: CheckedWorld) => Checker
