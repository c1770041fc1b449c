/**
 * The one suite that every storage backend passes: what `src/storage/contract.ts` says in words, as tests.
 * An author of a backend calls it from a test file of some 20 lines; it needs no particular test runner.
 */
import { testLeases, testMisfits, testOwnership } from './storage/committing.ts'
import { testRepeats, testShards } from './storage/committing.ts'
import { testsFor, type StorageHarness, type TestApi, type Tests } from './storage/harness.ts'
import { testLife, testMany, testReopen } from './storage/lasting.ts'
import { testHistory, testLists, testLoading, testSummary } from './storage/reading.ts'
import { testPages, testReady, testSearch } from './storage/reading.ts'
import { testRetention, testRetentionLimits } from './storage/retaining.ts'
import { testAfterlife, testGrants, testIds, testInsert } from './storage/writing.ts'
import { testPause, testProgress, testSettle } from './storage/writing.ts'

export { suitePipeline } from './storage/harness.ts'
export type { StorageHarness, TestApi, TestFunction } from './storage/harness.ts'

const groups: Readonly<Record<string, (tests: Tests) => void>> = {
  'open and close': testLife,
  insert: testInsert,
  'odd ids': testIds,
  'advance and retry': testProgress,
  settle: testSettle,
  'release and note': testGrants,
  'redrive, discard and remove': testAfterlife,
  'pause and resume': testPause,
  'the same group again': testRepeats,
  'a mutation that does not fit': testMisfits,
  ownership: testOwnership,
  'leases and fencing': testLeases,
  'shards beside each other': testShards,
  'ready jobs': testReady,
  'loading for the owner': testLoading,
  'the summary of a shard': testSummary,
  'lists and counts': testLists,
  pages: testPages,
  search: testSearch,
  history: testHistory,
  retention: testRetention,
  'the limits of retention': testRetentionLimits,
  'after a crash': testReopen,
  'many jobs': testMany,
}

/**
 * Defines the tests of a backend with the test runner it is given.
 *
 * @param harness how to open a store of this backend, and what it can do
 * @param api `describe` and `it` of the runner
 *
 * @example
 * ```ts
 * import { describe, it } from 'vitest'
 * import { testStorage } from 'carbontube/testing'
 *
 * testStorage(harness, { describe, it })
 * ```
 */
export function testStorage(harness: StorageHarness, api: TestApi): void {
  api.describe(`storage: ${harness.name}`, () => {
    for (const [name, define] of Object.entries(groups)) {
      api.describe(name, () => define(testsFor(harness, api)))
    }
  })
}
