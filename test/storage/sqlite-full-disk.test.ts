/** What an SQLite store keeps up on a disk without a free byte: the ownership, and the way out of it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'
import { aJob, completion, Owner, shard } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'
import { noSmallDisk, SmallDisk } from '../small-disk.ts'
import { until } from '../wait.ts'

const MiB = 1024 * 1024
const why = noSmallDisk()

let folder: string
let disk: SmallDisk
let store: SqliteStorageBackend
let ballast: string

beforeEach(async ({ skip }) => {
  skip(why !== undefined, why)
  folder = mkdtempSync(join(tmpdir(), 'carbontube-full-'))
  disk = new SmallDisk(join(folder, 'disk'), 16)
  const path = join(disk.folder, 'jobs.db')
  ballast = `${path}-ballast`
  store = new SqliteStorageBackend(suitePipeline, { path, freeBytesMin: 4 * MiB })
  await store.open()
})

afterEach(async () => {
  if (why !== undefined) return
  await store.close()
  disk.unmount()
  rmSync(folder, { recursive: true })
})

describe('an SQLite store on a full disk', () => {
  it('refuses inserts, gives the ballast up for what settles, and makes it again later', async () => {
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    disk.fill()
    await expect(owner.insert(aJob(2))).rejects.toMatchObject({ code: 'CT_STORE_FULL' })
    expect(existsSync(ballast)).toBe(true)
    // Its owner commits the same group again, as after every failure that left the store as it was.
    await until(() => owner.commit(completion(aJob(1))).then(() => true), { what: 'job 1 settles' })
    disk.free()
    await owner.insert(aJob(2))
    await until(() => store.renew(shard, owner.epoch, 9_000).then(() => existsSync(ballast)), {
      what: 'the ballast is there again',
    })
    expect((await store.summarise(shard)).lastSequence).toBe(2)
  })

  it('stays with its owner when not even a renewal can be written', async () => {
    const owner = await Owner.of(store)
    disk.fill()
    // The log grows with each, until the ballast too is used up.
    for (let renewals = 0; renewals < 2_000; renewals += 1) {
      expect(await store.renew(shard, owner.epoch, 9_000)).toBe(true)
    }
    expect(existsSync(ballast)).toBe(false)
    disk.fill()
    expect(await store.renew(shard, owner.epoch, 9_000)).toBe(true)
    expect(await store.renew(shard, owner.epoch - 1, 9_000)).toBe(false)
    // Nor can its end: the next owner finds the lock gone, and takes it for dead.
    await store.release(shard, owner.epoch)
  })
})
