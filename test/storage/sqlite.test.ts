import { copyFileSync, existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'
import { suitePipeline, testStorage } from '../../src/testing/storage-suite.ts'

let nowMs = 1_800_000_000_000
let folder = ''
const opened: SqliteStorageBackend[] = []

async function open(name: string): Promise<SqliteStorageBackend> {
  const path = join(folder, name)
  const store = new SqliteStorageBackend(suitePipeline, { path, nowMs: () => nowMs })
  await store.open()
  opened.push(store)
  return store
}

testStorage(
  {
    name: 'SQLite',
    capabilities: { durability: 'D2', shared: false, persistent: true, search: true },
    open: async () => {
      folder = await mkdtemp(join(tmpdir(), 'carbontube-suite-'))
      return await open('suite.db')
    },
    // What a killed process leaves on the disk: the file and its log, neither closed.
    reopen: async () => {
      for (const suffix of ['', '-wal']) {
        const from = join(folder, `suite.db${suffix}`)
        if (existsSync(from)) copyFileSync(from, join(folder, `crashed.db${suffix}`))
      }
      return await open('crashed.db')
    },
    advanceClock: (ms) => void (nowMs += ms),
    dispose: async () => {
      for (const store of opened.splice(0)) await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  },
  { describe, it },
)
