/** The store of `examples/own-backend` keeps what the contract promises. The how-to quotes the region. */
// #region suite
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, vi } from 'vitest'
import { suitePipeline, testStorage } from 'carbontube/testing'
import { LmdbStorageBackend } from '../../examples/own-backend/lmdb-storage.ts'

// Some of the tests store 100,000 jobs.
vi.setConfig({ testTimeout: 60_000 })

let nowMs = 1_800_000_000_000
let root = ''
const opened: LmdbStorageBackend[] = []

async function open(name: string): Promise<LmdbStorageBackend> {
  const folder = join(root, name)
  const store = new LmdbStorageBackend(suitePipeline, { folder, nowMs: () => nowMs })
  await store.open()
  opened.push(store)
  return store
}

testStorage(
  {
    name: 'LMDB',
    capabilities: { durability: 'D2', shared: false, persistent: true, search: true },
    open: async () => {
      root = await mkdtemp(join(tmpdir(), 'carbontube-own-'))
      return await open('suite')
    },
    // What a killed process leaves on the disk.
    reopen: async () => {
      await mkdir(join(root, 'crashed'))
      await copyFile(join(root, 'suite/data.mdb'), join(root, 'crashed/data.mdb'))
      return await open('crashed')
    },
    advanceClock: (ms) => void (nowMs += ms),
    dispose: async () => {
      for (const store of opened.splice(0)) await store.close()
      await rm(root, { recursive: true, force: true })
    },
  },
  { describe, it },
)
// #endregion suite
