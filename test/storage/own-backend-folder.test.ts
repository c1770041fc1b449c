/** What the suite does not ask of the store of `examples/own-backend`: whose folder it is, and a full disk. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LmdbStorageBackend } from '../../examples/own-backend/lmdb-storage.ts'
import { aJob, bytes, Owner } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { noSmallDisk, SmallDisk } from '../small-disk.ts'

let root: string
let opened: LmdbStorageBackend[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'carbontube-own-'))
  opened = []
})

afterEach(async () => {
  for (const store of opened) await store.close()
  rmSync(root, { recursive: true, force: true })
})

async function open(folder: string, pipeline = suitePipeline): Promise<LmdbStorageBackend> {
  const store = new LmdbStorageBackend(pipeline, { folder })
  await store.open()
  opened.push(store)
  return store
}

describe('the folder of a store', () => {
  it('belongs to one at a time, until that one closes', async () => {
    const first = await open(root)
    await expect(open(root)).rejects.toMatchObject({ code: 'CT_STORE_HELD' })
    await Owner.of(first)
    await first.close()
    await open(root)
  })

  it('is free when its owner is dead, or has written only half of its name', async () => {
    for (const left of ['4194304 17', `${process.pid} 1`, '12', '']) {
      writeFileSync(join(root, 'owner'), left)
      const store = await open(root)
      expect(readFileSync(join(root, 'owner'), 'utf8')).toMatch(new RegExp(`^${process.pid} .`))
      await store.close()
    }
  })

  it('with something else in it is refused', async () => {
    const foreign = join(root, 'foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'data.mdb'), 'x'.repeat(10_000))
    await expect(open(foreign)).rejects.toMatchObject({ code: 'CT_STORE_FOREIGN' })
    expect(readdirSync(foreign)).toEqual(['data.mdb'])

    const other = join(root, 'other')
    await (await open(other)).close()
    const before = readFileSync(join(other, 'data.mdb'))
    await expect(open(other, 'another')).rejects.toMatchObject({ code: 'CT_STORE_FOREIGN' })
    expect(readFileSync(join(other, 'data.mdb')).equals(before)).toBe(true)
  })
})

const why = noSmallDisk()

describe('a full disk', () => {
  it('refuses a group as a whole, and takes it when there is room', async ({ skip }) => {
    skip(why !== undefined, why)
    const disk = new SmallDisk(join(root, 'disk'), 16)
    try {
      const store = await open(join(disk.folder, 'store'))
      const owner = await Owner.of(store)
      await owner.insert(aJob(1))
      disk.fill()
      const large = [2, 3].map((n) => aJob(n, { instructions: bytes('x'.repeat(1024 * 1024)) }))
      await expect(owner.insert(...large)).rejects.toMatchObject({ code: 'CT_STORE_FULL' })
      expect(await store.countJobs(owner.ref, {})).toEqual({ count: 1, more: false })
      disk.free()
      await owner.insert(...large)
      expect(await store.countJobs(owner.ref, {})).toEqual({ count: 3, more: false })
      await store.close()
    } finally {
      disk.unmount()
    }
  })
})
