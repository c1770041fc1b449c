/** An answer of a D2 store waits for the disk; a disk that refuses ends the store's promises. */
import fs from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'

const ref = { pipeline: 'films', shard: 0 }
const pause = (phase: number, number: number) => ({
  ...{ id: `group-${number}`, number },
  mutations: [{ type: 'pause' as const, phase }],
})

type Done = (error: NodeJS.ErrnoException | null) => void

const original = fs.fdatasync
let folder: string
/** What the disk has been asked and has not answered. */
let asked: Done[]

/** From now on the disk answers when the test says so. */
function holdTheDisk(): void {
  asked = []
  fs.fdatasync = ((_file: number, done: Done) => void asked.push(done)) as typeof fs.fdatasync
  syncBuiltinESMExports()
}

function releaseTheDisk(): void {
  fs.fdatasync = original
  syncBuiltinESMExports()
}

async function anOwner(durability: 'D1' | 'D2') {
  const store = new SqliteStorageBackend('films', { path: join(folder, 'films.db'), durability })
  await store.open()
  const answer = await store.acquire(ref, 'm', 9_000)
  return { store, epoch: answer.outcome === 'acquired' ? answer.epoch : 0 }
}

/** Whether the promise has settled when everything that was ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'carbontube-sync-'))
})

afterEach(() => {
  releaseTheDisk()
  rmSync(folder, { recursive: true, force: true })
})

describe('a commit', () => {
  it('is answered when the disk has it, and not before', async () => {
    const { store, epoch } = await anOwner('D2')
    holdTheDisk()
    const commit = store.commit(ref, epoch, pause(0, 1))
    expect(await isSettled(commit)).toBe(false)
    asked[0]?.(null)
    await expect(commit).resolves.toEqual({ inserts: [] })
    await store.close()
  })

  it('that is repeated waits for the disk as well', async () => {
    const { store, epoch } = await anOwner('D2')
    await store.commit(ref, epoch, pause(0, 1))
    holdTheDisk()
    const again = store.commit(ref, epoch, pause(0, 1))
    expect(await isSettled(again)).toBe(false)
    asked[0]?.(null)
    await expect(again).resolves.toEqual({ inserts: [] })
    await store.close()
  })

  it('of a D1 store does not wait for it', async () => {
    const { store, epoch } = await anOwner('D1')
    holdTheDisk()
    await store.commit(ref, epoch, pause(0, 1))
    expect(asked).toHaveLength(0)
    await store.close()
  })
})

describe('a disk that refuses a flush', () => {
  it('ends the promises of the store until it is opened again', async () => {
    const { store, epoch } = await anOwner('D2')
    holdTheDisk()
    const commit = store.commit(ref, epoch, pause(0, 1))
    asked[0]?.(Object.assign(new Error('EIO'), { code: 'EIO' }))
    await expect(commit).rejects.toMatchObject({ code: 'CT_STORE_FAILED' })
    releaseTheDisk()
    const later = store.commit(ref, epoch, pause(1, 2))
    await expect(later).rejects.toMatchObject({ code: 'CT_STORE_FAILED' })
    await store.close()
    const reopened = await anOwner('D2')
    await reopened.store.commit(ref, reopened.epoch, pause(1, 1))
    expect((await reopened.store.summarise(ref)).paused).toContain(1)
    await reopened.store.close()
  })
})
