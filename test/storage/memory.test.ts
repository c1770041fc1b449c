import { describe, it } from 'vitest'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { suitePipeline, testStorage } from '../../src/testing/storage-suite.ts'

let nowMs = 1_800_000_000_000
let store = new EphemeralStorageBackend(suitePipeline)

testStorage(
  {
    name: 'memory',
    capabilities: { durability: 'D0', shared: false, persistent: false, search: true },
    open: async () => {
      store = new EphemeralStorageBackend(suitePipeline, { nowMs: () => nowMs })
      await store.open()
      return store
    },
    advanceClock: (ms) => void (nowMs += ms),
    dispose: () => store.close(),
  },
  { describe, it },
)
