/** A store file that is damaged, cut off or somebody else's: the manager names it, and leaves it as it is. */
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadDriver } from '../../../src/storage/sqlite/driver.ts'
import { until } from '../../wait.ts'
import { Bench, kill, ledgerFile, numbered } from '../processes.ts'

const pageBytes = 8_192
/** The check is a process that lets all others go first: on a busy machine it takes its time. */
const checkedWithinMs = 55_000

let bench: Bench
let folder: string
let store: string

beforeEach(async () => {
  bench = await Bench.open()
  folder = join(bench.folder, '.carbontube')
  store = join(folder, 'ledger.db')
})

afterEach(async () => {
  await bench.close()
})

/** Some jobs done, some waiting. A kill leaves the log beside the file, a stop does not. */
async function aStore(end: 'stopped' | 'killed'): Promise<void> {
  const manager = bench.manager()
  const worker = bench.worker('work')
  const client = await bench.client()
  await bench.workersReady(client, { work: 1 })
  await client.enqueueJobs(numbered(200, { filling: 'x'.repeat(500) }))
  await until(() => bench.entries().length === 200, { what: 'the first phase has run' })
  await kill(worker)
  if (end === 'killed') return kill(manager)
  const exited = once(manager, 'exit')
  manager.kill('SIGTERM')
  await exited
}

function sql(...statements: readonly string[]): void {
  const database = loadDriver().open(store, { readOnly: false, busyTimeoutMs: 1_000 })
  for (const statement of statements) database.exec(statement)
  database.close()
}

/** Everything in the folder but the lock, which has no content. */
function contents(): Record<string, Buffer> {
  const names = readdirSync(folder).filter((name) => !name.includes('-owner'))
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]))
}

async function expectRefusal(why: RegExp): Promise<void> {
  const before = contents()
  const door = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
  const refused = await bench.run(['pipeline', ledgerFile, ...door])
  expect(refused.code).toBe(3)
  expect(refused.stderr).toContain('CT_STORE_FOREIGN')
  expect(refused.stderr).toContain(store)
  expect(refused.stderr).toMatch(why)
  const after = contents()
  expect(Object.keys(after)).toEqual(Object.keys(before))
  for (const [name, bytes] of Object.entries(before)) {
    expect(after[name]?.equals(bytes), `${name} is as it was`).toBe(true)
  }
}

describe('a manager on a store file that is not a sound one of ours', () => {
  it('refuses one that was cut off', async () => {
    await aStore('stopped')
    const whole = readFileSync(store)
    for (const length of [whole.length - pageBytes, 2 * pageBytes, 50]) {
      writeFileSync(store, whole)
      truncateSync(store, length)
      await expectRefusal(/cut off|not an SQLite database/)
    }
  })

  it('refuses one that was cut off while its log was still beside it', async () => {
    await aStore('stopped')
    const manager = bench.manager()
    const client = await bench.client()
    await client.enqueueJobs(numbered(5))
    await kill(manager)
    expect(existsSync(`${store}-wal`)).toBe(true)
    truncateSync(store, 3 * pageBytes)
    await expectRefusal(/cut off.*the log does not have the rest/)
  })

  it('refuses one with a flipped bit in its header', async () => {
    await aStore('stopped')
    const whole = readFileSync(store)
    for (const offset of [3, 17, 18, 30, 56, 70]) {
      const damaged = Buffer.from(whole)
      damaged[offset] = (whole[offset] ?? 0) ^ 0x10
      writeFileSync(store, damaged)
      await expectRefusal(/damaged|not an SQLite|another application|cut off/)
    }
  })

  it('refuses one of another application, and one of a newer schema', async () => {
    await aStore('stopped')
    const ours = join(bench.folder, 'ours.db')
    copyFileSync(store, ours)
    sql('PRAGMA application_id = 7')
    await expectRefusal(/another application/)
    copyFileSync(ours, store)
    sql('PRAGMA user_version = 99')
    await expectRefusal(/schema 99 is newer/)
  })
})

describe('a damaged page among the data', () => {
  /** A page that is full of text: of the jobs, in the middle of their table. */
  function damageAPage(): void {
    const bytes = readFileSync(store)
    const starts = Array.from({ length: bytes.length / pageBytes }, (_, n) => n * pageBytes)
    const filled = starts.filter((at) =>
      bytes.subarray(at, at + pageBytes).includes('x'.repeat(400)),
    )
    const page = filled[filled.length >> 1] ?? 0
    bytes.fill(0xff, page, page + 16)
    writeFileSync(store, bytes)
  }

  it('is found by the doctor', async () => {
    await aStore('stopped')
    damageAPage()
    const before = readFileSync(store)
    const doctor = await bench.run(['doctor', store])
    // Where SQLite itself comes upon it, the file is refused; otherwise it is said to be bad.
    expect([1, 3]).toContain(doctor.code)
    expect(doctor.stderr).toMatch(/CT_UNHEALTHY|CT_STORE_FOREIGN.*damaged/)
    expect(doctor.stderr).toContain(store)
    expect(readFileSync(store).equals(before)).toBe(true)
  })

  it('is found beside the work after an unclean stop, and said in the log', async () => {
    await aStore('stopped')
    const first = bench.manager()
    await bench.client()
    await kill(first)
    damageAPage()
    const manager = bench.manager()
    let log = ''
    manager.stderr?.on('data', (text: Buffer) => (log += text.toString()))
    await until(() => log.includes('the store is damaged'), {
      what: 'the damage is told',
      timeoutMs: checkedWithinMs,
    })
    expect(log).toContain(store)
  })
})

describe('a sound store after an unclean stop', () => {
  it('is checked beside the work without a word of damage', async () => {
    await aStore('killed')
    const manager = bench.start(
      ['pipeline', ledgerFile, '--pull-bind', bench.pull, '--sub-bind', bench.address(2)],
      { CARBONTUBE_LOG_LEVEL: 'info' },
    )
    let log = ''
    manager.stderr?.on('data', (text: Buffer) => (log += text.toString()))
    await until(() => log.includes('its store is sound'), {
      what: 'the check has ended',
      timeoutMs: checkedWithinMs,
    })
    expect(log).not.toContain('damaged')
  })
})
