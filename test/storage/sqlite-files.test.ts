/** What SQLite files may do to us, and what we must not do to them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, linkSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadDriver } from '../../src/storage/sqlite/driver.ts'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'
import { aJob, bytes, completion, inserts, Owner } from '../../src/testing/storage/builders.ts'
import { listAll, shard, snapshot } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'

let folder = ''
let path = ''
const stores: SqliteStorageBackend[] = []
const children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carbontube-files-'))
  path = join(folder, 'jobs.db')
})

afterEach(async () => {
  for (const child of children.splice(0)) await kill(child)
  for (const store of stores.splice(0)) await store.close()
  await rm(folder, { recursive: true, force: true })
})

function aStore(more: { readOnly?: boolean; fileBytesMax?: number } = {}): SqliteStorageBackend {
  const store = new SqliteStorageBackend(suitePipeline, { path, ...more })
  stores.push(store)
  return store
}

async function openStore(more: { readOnly?: boolean; fileBytesMax?: number } = {}) {
  const store = aStore(more)
  await store.open()
  return store
}

/** A sound file with some jobs in it, closed. */
async function aFile(): Promise<Buffer> {
  const store = await openStore()
  const owner = await Owner.of(store)
  await owner.insert(...Array.from({ length: 200 }, (_, index) => aJob(index + 1)))
  await store.close()
  return readFileSync(path)
}

function sql(...statements: readonly string[]): void {
  const database = loadDriver().open(path, { readOnly: false, busyTimeoutMs: 0 })
  for (const statement of statements) database.exec(statement)
  database.close()
}

/** Opening must fail, name the file, and leave it and its neighbours alone. */
async function expectRefusal(message: RegExp): Promise<void> {
  const before = readFileSync(path)
  const neighbours = () => readdirSync(folder).filter((name) => !name.endsWith('-owner'))
  const names = neighbours()
  const error: unknown = await aStore()
    .open()
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({
    code: 'CT_STORE_FOREIGN',
    message: expect.stringMatching(message) as string,
  })
  expect((error as Error).message).toContain(path)
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(neighbours()).toEqual(names)
}

describe('a file that is not a sound one of ours is refused and not touched', () => {
  it('text', async () => {
    writeFileSync(path, 'dear diary\n'.repeat(1_000))
    await expectRefusal(/not an SQLite database/)
  })

  it('a file shorter than a header', async () => {
    writeFileSync(path, 'SQLite format 3\0')
    await expectRefusal(/not an SQLite database/)
  })

  it('the database of another application', async () => {
    sql('PRAGMA journal_mode = WAL', 'CREATE TABLE songs (title TEXT)')
    await expectRefusal(/another application/)
  })

  it('a newer schema', async () => {
    await aFile()
    sql('PRAGMA user_version = 2')
    await expectRefusal(/schema 2 is newer/)
  })

  it('the file of another pipeline', async () => {
    await aFile()
    sql(`UPDATE meta SET value = 'other' WHERE name = 'pipeline'`)
    await expectRefusal(/pipeline other/)
  })

  it('a file that was cut off, between pages and within one', async () => {
    const whole = await aFile()
    for (const length of [whole.length - 4_096, whole.length - 1, 8_192, 4_096, 1_000, 100]) {
      writeFileSync(path, whole)
      truncateSync(path, length)
      await expectRefusal(/cut off/)
    }
  })

  it('a file with any bit flipped in what its header promises', async () => {
    const whole = await aFile()
    // Left out: the free list and counters that mean nothing to a reader of the file.
    const offsets = [...range(0, 32), ...range(44, 48), ...range(52, 96)]
    for (const offset of offsets) {
      for (let bit = 0; bit < 8; bit += 1) {
        const damaged = Buffer.from(whole)
        damaged[offset] = (whole[offset] ?? 0) ^ (1 << bit)
        writeFileSync(path, damaged)
        await expectRefusal(/not an SQLite|damaged|another application|schema|cut off/)
      }
    }
  })

  it('a file whose schema is wiped out behind a sound header', async () => {
    const damaged = Buffer.from(await aFile()).fill(0, 100, 4_096)
    writeFileSync(path, damaged)
    await expectRefusal(/damaged/)
  })

  it('a log that has lost its file', async () => {
    writeFileSync(`${path}-wal`, 'something')
    writeFileSync(path, '')
    await expectRefusal(/lost its file/)
  })

  it('also by a reader', async () => {
    await aFile()
    sql('PRAGMA user_version = 2')
    const before = readFileSync(path)
    const reader = aStore({ readOnly: true })
    await expect(reader.open()).rejects.toMatchObject({ code: 'CT_STORE_FOREIGN' })
    expect(readFileSync(path).equals(before)).toBe(true)
  })
})

describe('a new file', () => {
  it('is made with its folders, and an empty one counts as new', async () => {
    path = join(folder, 'deep', 'er', 'jobs.db')
    await (await openStore()).close()
    writeFileSync(path, '')
    await (await openStore()).close()
  })

  it('is made anew after a crash while it was made', async () => {
    writeFileSync(`${path}-new`, 'half of a file')
    writeFileSync(`${path}-new-wal`, 'and of its log')
    await openStore()
    expect(readdirSync(folder).filter((name) => name.includes('-new'))).toEqual([])
  })

  it('is made by default under the name of the pipeline, made safe', () => {
    const { description } = new SqliteStorageBackend('../a pipeline/Ü').info()
    expect(description).toContain(join(process.cwd(), '.carbontube', 'a-pipeline-.db'))
  })
})

describe('a place where no file can be', () => {
  const unwritable = (why: string) => ({
    code: 'CT_STORE_UNWRITABLE',
    message: `${path} cannot be opened: ${why}`,
    hint: expect.stringMatching(/^(Move that file away|Let this user write there)/) as string,
  })

  /** Opened by somebody whom the rights hold for, unlike root. */
  async function refusedWith(rights: number, what: 'refused' | 'refused-reader' = 'refused') {
    chmodSync(folder, rights)
    const said = await line(start(what))
    chmodSync(folder, 0o755)
    return JSON.parse(said ?? '') as unknown
  }

  it('is a folder that is a file', async () => {
    const file = join(folder, '.carbontube')
    writeFileSync(file, '')
    for (const below of ['jobs.db', 'deep/er/jobs.db']) {
      path = join(file, below)
      const refusal = aStore().open()
      await expect(refusal).rejects.toMatchObject(unwritable(`${file} is a file, not a folder`))
    }
  })

  it('is a folder that is read-only, whether or not a file is in it', async () => {
    const why = `this user may not write in the folder ${folder} (EACCES)`
    expect(await refusedWith(0o555)).toEqual(unwritable(why))
    await aFile()
    expect(await refusedWith(0o555)).toEqual(unwritable(why))
    // A reader makes the index of the log when no owner has done so.
    expect(await refusedWith(0o555, 'refused-reader')).toEqual(unwritable(why))
  })

  it('is a folder that cannot be made', async () => {
    path = join(folder, '.carbontube', 'jobs.db')
    const why = `this user may not write in the folder ${folder} (EACCES)`
    expect(await refusedWith(0o555)).toEqual(unwritable(why))
  })

  it('is a read-only or unreadable file in a folder that is neither', async () => {
    await aFile()
    for (const name of readdirSync(folder)) if (name !== 'jobs.db') rmSync(join(folder, name))
    chmodSync(path, 0o444)
    const why = `this user may not write the file ${path} (EACCES)`
    expect(await refusedWith(0o777)).toEqual(unwritable(why))
    chmodSync(path, 0o000)
    const unread = `this user may not read the file ${path} (EACCES)`
    expect(await refusedWith(0o777)).toEqual(unwritable(unread))
    expect(await refusedWith(0o777, 'refused-reader')).toEqual(unwritable(unread))
  })
})

describe('one writer', () => {
  it('a second name of the file is no way round its lock', async () => {
    const store = await openStore()
    const real = path
    path = join(folder, 'symbolic.db')
    symlinkSync(real, path)
    await expect(aStore().open()).rejects.toMatchObject({ code: 'CT_STORE_HELD' })
    path = join(folder, 'hard.db')
    linkSync(real, path)
    await expect(aStore().open()).rejects.toMatchObject({
      code: 'CT_STORE_LINKED',
      message: expect.stringContaining(`${path} has 2 names`) as string,
    })
    await store.close()
    // By its first name neither: who holds it by the other one cannot be seen.
    path = real
    await expect(aStore().open()).rejects.toMatchObject({ code: 'CT_STORE_LINKED' })
    rmSync(join(folder, 'hard.db'))
    await (await openStore()).close()
  })

  it('a symbolic link leads to the file as it is', async () => {
    const before = await aFile()
    const real = path
    path = join(folder, 'symbolic.db')
    symlinkSync(real, path)
    const store = await openStore()
    expect((await store.summarise(shard)).lastSequence).toBe(200)
    await store.close()
    expect(readFileSync(real).length).toBe(before.length)
    expect(readdirSync(folder).filter((name) => name.startsWith('symbolic'))).toEqual([
      'symbolic.db',
    ])
  })

  it('a second one is refused, with the name of the holder; a reader is not', async () => {
    const store = await openStore()
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    await expect(aStore().open()).rejects.toMatchObject({
      code: 'CT_STORE_HELD',
      message: expect.stringContaining(`process ${process.pid}`) as string,
    })

    const before = readFileSync(path)
    const reader = await openStore({ readOnly: true })
    expect(await snapshot(reader)).toEqual(await snapshot(store))
    const refused = { code: 'CT_REFUSED' }
    await expect(reader.acquire(shard, 'reader', 1_000)).rejects.toMatchObject(refused)
    await expect(new Owner(reader, shard, owner.epoch).commit()).rejects.toMatchObject(refused)
    await owner.insert(aJob(2))
    expect((await reader.summarise(shard)).lastSequence).toBe(2)
    await reader.close()
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('the file is free as soon as its holder is killed, and so is the shard', async () => {
    const child = start('hold')
    expect(await line(child)).toBe('held')
    const refused: unknown = await aStore()
      .open()
      .catch((reason: unknown) => reason)
    expect(refused).toMatchObject({ code: 'CT_STORE_HELD' })
    expect((refused as Error).message).toContain(`process ${child.pid}`)

    await kill(child)
    const store = await openStore()
    const answer = await store.acquire(shard, 'next', 60_000)
    expect(answer).toMatchObject({ outcome: 'acquired', uncleanStop: true })
  })
})

describe('a lock that another process has on the file', () => {
  it('lets the owner come again with the same group, and keeps its shard', async () => {
    const store = await openStore()
    const owner = await Owner.of(store)
    const other = loadDriver().open(path, { readOnly: false, busyTimeoutMs: 0 })
    other.exec('BEGIN IMMEDIATE')
    const group = { number: 1, id: '1-1', mutations: inserts([aJob(1)]) }
    const committed = store.commit(shard, owner.epoch, group)
    await expect(committed).rejects.toMatchObject({ code: 'CT_OUTCOME_UNKNOWN' })
    expect(await store.renew(shard, owner.epoch, 60_000)).toBe(true)
    expect(await store.getJobs(shard, ['job-1'])).toEqual([])
    other.exec('ROLLBACK')
    other.close()
    const { inserts: answers } = await store.commit(shard, owner.epoch, group)
    expect(answers).toEqual([{ id: 'job-1', outcome: 'stored' }])
  })
})

describe('kill -9', () => {
  it('between and within commits loses nothing that was acknowledged', async () => {
    let acknowledged = 0
    for (const groups of [1, 10, 40, 90]) {
      const child = start('commit')
      const lines = linesOf(child)
      for (let seen = 0; seen < groups; seen += 1) acknowledged = Number(await lines.next())
      child.kill('SIGKILL')
      // What it said before it died counts too.
      for (let text = await lines.next(); text !== undefined; text = await lines.next()) {
        acknowledged = Number(text)
      }
      await kill(child)

      const store = await openStore()
      const { lastSequence, phases } = await store.summarise(shard)
      expect(lastSequence).toBeGreaterThanOrEqual(acknowledged)
      // At most one group was on its way, and it is there as a whole or not at all.
      expect([acknowledged, acknowledged + 10]).toContain(lastSequence)
      expect(phases).toEqual([{ phase: 0, ready: lastSequence, scheduled: 0 }])
      expect((await listAll(store)).length).toBe(lastSequence)
      await store.close()
    }
  })
})

describe('a full store', () => {
  it('refuses a group as a whole, says so, and goes on when there is room', async () => {
    const store = await openStore({ fileBytesMax: 256 * 1_024 })
    const owner = await Owner.of(store)
    await owner.insert(aJob(1))
    const before = await snapshot(store)
    const large = bytes('x'.repeat(20_000))
    const jobs = Array.from({ length: 50 }, (_, index) => aJob(index + 2, { instructions: large }))
    const refusal = owner.commit(completion(aJob(1)), ...inserts(jobs))
    await expect(refusal).rejects.toMatchObject({ code: 'CT_STORE_FULL' })
    expect(await snapshot(store)).toEqual(before)
    await owner.commit(completion(aJob(1)))
    await store.close()

    const larger = await openStore()
    await (await Owner.of(larger)).insert(...jobs)
    expect((await larger.summarise(shard)).lastSequence).toBe(51)
  })
})

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** Runs sqlite-child.ts; jiti lets Node 20 read TypeScript. */
function start(what: 'hold' | 'commit' | 'refused' | 'refused-reader'): ChildProcess {
  const script = fileURLToPath(new URL('./sqlite-child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'jiti/register', script, what, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

function linesOf(child: ChildProcess): { next(): Promise<string | undefined> } {
  if (child.stdout === null) throw new Error('the child has no output')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    next: async () => {
      const { done, value } = await lines.next()
      return done === true ? undefined : value
    },
  }
}

async function line(child: ChildProcess): Promise<string | undefined> {
  return await linesOf(child).next()
}

/** Resolves when the process is gone. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
