/** `carbontube/testing`: for tests of pipelines, and for authors of storage backends. An explicit list. */
export { runInMemory, type InMemoryRun, type RunOptions, type Stubs } from './run-in-memory.ts'
export type { LogEntry, TraceEntry } from './recorder.ts'
export { suitePipeline, testStorage } from './storage-suite.ts'
export type { StorageHarness, TestApi } from './storage-suite.ts'
