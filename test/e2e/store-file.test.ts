/** `audit` and `doctor` read a store file that a pipeline has written, and leave it as it is. */
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadDriver } from '../../src/storage/sqlite/driver.ts'
import { Bench, numbered } from './processes.ts'

let bench: Bench
let store: string

beforeEach(async () => {
  bench = await Bench.open()
  store = join(bench.folder, '.carbontube', 'ledger.db')
})

afterEach(async () => {
  await bench.close()
})

/** Some jobs done and one dead. The manager is stopped, unless it is to stay. */
async function aStore({ stays = false } = {}): Promise<void> {
  const manager = bench.manager()
  bench.worker('work')
  bench.worker('finish')
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  await client.enqueueJobs([...numbered(20), ...numbered(1, { does: 'throw' })])
  await bench.settled(client, 21)
  if (stays) return
  const exited = once(manager, 'exit')
  manager.kill('SIGTERM')
  await exited
}

function sql(statement: string): void {
  const database = loadDriver().open(store, { readOnly: false, busyTimeoutMs: 1_000 })
  database.exec(statement)
  database.close()
}

describe('audit', () => {
  it('finds nothing wrong with a pipeline at work, and says what ran twice', async () => {
    await aStore({ stays: true })
    const finished = await bench.run(['audit', store, '--ledger', bench.ledger, '--json'])
    expect(finished.code).toBe(0)
    expect(JSON.parse(finished.stdout)).toEqual({
      ...{ type: 'summary', jobs: 21, truncated: 0, violations: 0, warnings: 0 },
      states: { ready: 0, scheduled: 0, done: 20, dead: 1, cancelled: 0 },
      ...{ executions: 42, repeated: 1 },
    })
  })

  it('finds what was tampered with, job by job, and changes nothing', async () => {
    await aStore()
    sql('UPDATE job SET phase = 0 WHERE n = 3')
    sql("UPDATE job SET history = x'c1' WHERE n = 4")
    const before = readFileSync(store)
    const isKept = ({ n, phase }: { n: number; phase: string }) => n !== 7 || phase !== 'finish'
    const entries = bench.entries().filter(isKept)
    writeFileSync(bench.ledger, entries.map((entry) => JSON.stringify(entry)).join('\n'))
    const finished = await bench.run(['audit', store, '--ledger', bench.ledger])
    expect(finished.code).toBe(1)
    expect(finished.stderr).toContain('CT_AUDIT_FAILED')
    expect(finished.stdout).toMatch(/^phaseWentBack {2}\S+ {2}phase 0, but an attempt of phase 1$/m)
    expect(finished.stdout).toMatch(/^historyUnreadable /m)
    expect(finished.stdout.match(/^notInLedger /gm)).toHaveLength(1)
    expect(finished.stdout).toMatch(/^done {7}19$/m)
    expect(readFileSync(store).equals(before)).toBe(true)
  })

  it('refuses a file with the jobs of another pipeline than it was told', async () => {
    await aStore()
    const { code, stdout, stderr } = await bench.run(['audit', store, 'ledgr'])
    expect([code, stdout]).toEqual([5, ''])
    expect(stderr).toContain(`CT_UNKNOWN_PIPELINE: ${store} has the jobs of pipeline "ledger"`)
    expect(stderr).toContain('not of "ledgr"')
    expect((await bench.run(['audit', store, 'ledger'])).code).toBe(0)
  })

  it('refuses a ledger and a file that are none', async () => {
    await aStore()
    writeFileSync(bench.ledger, '{"jobId": 7}\n')
    const ledger = await bench.run(['audit', store, '--ledger', bench.ledger])
    expect(ledger.code).toBe(2)
    expect(ledger.stderr).toContain(`${bench.ledger}:1`)
    expect((await bench.run(['audit', join(bench.folder, 'none.db')])).code).toBe(3)
    expect((await bench.run(['audit', bench.ledger])).stderr).toContain('CT_STORE_FOREIGN')
  })
})

describe('doctor', () => {
  it('finds a store healthy, also one in use', async () => {
    await aStore({ stays: true })
    const finished = await bench.run(['doctor', store, '--json'])
    expect(finished.code).toBe(0)
    const { healthy, checks } = JSON.parse(finished.stdout) as {
      healthy: boolean
      checks: { name: string; detail: string }[]
    }
    expect(healthy).toBe(true)
    const detail = (name: string) => checks.find((check) => check.name === name)?.detail
    expect(detail('pipeline')).toBe('ledger: work → finish')
    expect(detail('owner')).toContain('in use')
    expect(detail('header')).toContain('schema 1')
  })

  it('finds damage in the middle of a file', async () => {
    await aStore()
    const bytes = readFileSync(store)
    // The head of the last page.
    bytes.fill(0xff, bytes.length - 8_192, bytes.length - 6_144)
    writeFileSync(store, bytes)
    const finished = await bench.run(['doctor', store])
    expect([1, 3]).toContain(finished.code)
    expect(finished.stderr).toMatch(/CT_UNHEALTHY|CT_STORE_FOREIGN/)
    expect(finished.stderr).toContain(store)
    expect(readFileSync(store).equals(bytes)).toBe(true)
  })

  it('refuses a cut file and one of somebody else by name, unchanged', async () => {
    await aStore()
    const cut = join(bench.folder, 'cut.db')
    copyFileSync(store, cut)
    truncateSync(cut, 8_192)
    const other = join(bench.folder, 'other.db')
    writeFileSync(other, 'dear diary\n'.repeat(1_000))
    for (const path of [cut, other]) {
      const before = readFileSync(path)
      const finished = await bench.run(['doctor', path])
      expect(finished.code).toBe(3)
      expect(finished.stderr).toContain('CT_STORE_FOREIGN')
      expect(finished.stderr).toContain(path)
      expect(readFileSync(path).equals(before)).toBe(true)
    }
  })
})
