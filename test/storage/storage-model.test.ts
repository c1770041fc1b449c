/** SQLite against the memory store: the same calls in any order get the same answers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { expectSameAsMemory } from './model-run.ts'

describe('any sequence of calls', () => {
  it('gets the same answers from SQLite as from memory', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'carbontube-model-'))
    let runs = 0
    try {
      await expectSameAsMemory(async (nowMs) => {
        const path = join(folder, `${(runs += 1)}.db`)
        const store = new SqliteStorageBackend(suitePipeline, { path, nowMs, durability: 'D1' })
        await store.open()
        return store
      }, 50)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
