/** What an author of a backend gives to `testStorage`, and what its tests are written with. */
import type { Storage, StorageCapabilities } from '../../storage/contract.ts'

/** A backend under test. Each test opens a store of its own and disposes of it. */
export interface StorageHarness {
  /** Heading of the tests: `SQLite`. */
  readonly name: string
  /** What `info()` must declare; tests of what is not declared are skipped. */
  readonly capabilities: StorageCapabilities
  /** A new, empty store for the pipeline `suite` (`suitePipeline`), opened. */
  open(): Promise<Storage>
  /**
   * A second store on the data of the last `open`, as it is after its process was killed: without
   * `close`, without `release`. Needed when `capabilities.persistent`.
   */
  reopen?(): Promise<Storage>
  /** Moves the store's clock forward. Without it, tests of leases wait for short ones to run out. */
  advanceClock?(ms: number): void
  /** Closes what was opened since the last call, and removes its data. */
  dispose(): Promise<void>
}

/** The part of a test runner that the suite needs: vitest, jest, mocha and `node:test` have it. */
export interface TestApi {
  /** A group of tests. */
  describe(name: string, body: () => void): unknown
  /** One test; with `skip`, those that make no sense for a backend are shown as skipped. */
  it: TestFunction & { readonly skip?: TestFunction }
}

/** How a test is defined. */
export type TestFunction = (name: string, body: () => Promise<void>) => unknown

/** Name of the pipeline that the suite works on. */
export const suitePipeline = 'suite'

/** Defines the tests of one group. */
export interface Tests {
  readonly harness: StorageHarness
  /** One test with a store of its own. */
  readonly test: (name: string, body: TestBody) => void
  /** As `test`, unless the capability is missing: the name then says so, and why. */
  readonly testIf: (needs: Needs, name: string, body: TestBody) => void
}

/** The body of a test: it gets a store of its own. */
export type TestBody = (store: Storage) => Promise<void>

/** A capability without which a test makes no sense. */
export interface Needs {
  readonly capability: keyof StorageCapabilities
  readonly met: boolean
  /** Why it is not met. */
  readonly because: string
}

/** Binds the test runner and the harness together. */
export function testsFor(harness: StorageHarness, { it }: TestApi): Tests {
  const run = (body: TestBody) => async (): Promise<void> => {
    try {
      await body(await harness.open())
    } finally {
      await harness.dispose()
    }
  }
  const test: Tests['test'] = (name, body) => void it(name, run(body))
  return {
    harness,
    test,
    testIf: ({ capability, met, because }, name, body) => {
      if (met) test(name, body)
      else skip(it, `${name} [skipped: capability "${capability}": ${because}]`)
    },
  }
}

function skip(it: TestApi['it'], name: string): void {
  const skipped = async (): Promise<void> => {}
  if (it.skip === undefined) it(name, skipped)
  else it.skip(name, skipped)
}
