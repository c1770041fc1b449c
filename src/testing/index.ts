/**
 * For tests of pipelines, without sockets and waiting, and for the tests that prove a storage backend.
 *
 * @module
 */
// The list is explicit, and its order and headings are those of the reference (docs/reference).

// Tests of a pipeline
export { runInMemory, type InMemoryRun, type RunOptions, type Stubs } from './run-in-memory.ts'
export type { LogEntry, TraceEntry } from './recorder.ts'
export type { Clock } from '../runtime/clock.ts'

// Tests of a storage backend
export { testStorage, suitePipeline } from './storage-suite.ts'
export type { StorageHarness, TestApi, TestFunction } from './storage-suite.ts'
