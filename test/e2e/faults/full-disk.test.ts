/** The disk fills up under a pipeline at work: new jobs are refused, old ones settle, and it goes on by itself. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench, numbered } from '../processes.ts'
import { noSmallDisk, SmallDisk } from '../../small-disk.ts'

const file = fileURLToPath(new URL('small-disk-pipeline.mjs', import.meta.url))
const MiB = 1024 * 1024
const why = noSmallDisk()

let bench: Bench
let manager: ChildProcess
let disk: SmallDisk
let store: string
let gate: string

beforeEach(async ({ skip }) => {
  skip(why !== undefined, why)
  bench = await Bench.open()
  disk = new SmallDisk(join(bench.folder, 'disk'), 32)
  store = join(disk.folder, 'jobs.db')
  gate = join(bench.folder, 'gate')
})

afterEach(async () => {
  if (why !== undefined) return
  // Before the bench removes its folder, and with the processes still there: the mount is detached.
  disk.unmount()
  await bench.close()
})

async function aPipeline(freeMiB: number): Promise<PipelineClient> {
  manager = bench.manager(file, { STORE: store, FREE_BYTES_MIN: String(freeMiB * MiB) })
  bench.worker('work', ['--concurrency', '8'])
  bench.worker('finish')
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  expect(existsSync(`${store}-ballast`)).toBe(true)
  return client
}

async function outcomesOf(client: PipelineClient, count: number, more: object = {}) {
  const answers = await client.enqueueJobs(numbered(count, more))
  return answers.map(({ outcome }) => outcome)
}

/** Nothing is wrong, and the manager has lived through it. */
async function expectHealthy(): Promise<void> {
  expect(manager.exitCode ?? manager.signalCode).toBeNull()
  const doctor = await bench.run(['doctor', store])
  expect(doctor).toMatchObject({ code: 0, stderr: '' })
  const audit = await bench.run(['audit', store, '--ledger', bench.ledger])
  expect(audit).toMatchObject({ code: 0, stderr: '' })
}

describe('a disk that somebody fills to the last byte', () => {
  it('refuses new jobs as full, settles those that run, and goes on once there is room', async () => {
    const client = await aPipeline(4)
    await client.enqueueJobs(numbered(8, { waitsFor: gate }))
    await until(() => bench.entries().length === 8, { what: 'eight jobs run' })

    disk.fill()
    expect(await outcomesOf(client, 3)).toEqual(['full', 'full', 'full'])
    const enqueued = await bench.run(['enqueue', bench.pull, 'ledger', '{n: 9}', '--json'])
    expect(enqueued.code).toBe(6)
    const refusal = { ok: false, outcome: 'full', code: 'CT_STORE_FULL' }
    expect(JSON.parse(enqueued.stdout)).toMatchObject(refusal)

    writeFileSync(gate, '')
    await bench.settled(client, 8)
    expect((await client.status()).shards[0]?.settled).toEqual({ done: 8, dead: 0, cancelled: 0 })
    expect(existsSync(`${store}-ballast`)).toBe(false)
    const doctor = await bench.run(['doctor', store])
    expect(doctor.code).toBe(1)
    expect(doctor.stderr).toContain('CT_UNHEALTHY')
    expect(doctor.stdout).toMatch(/^disk +BAD .*below 4\.0 MiB$/m)
    expect(doctor.stdout).toMatch(/^ballast +none: given up/m)

    disk.free()
    expect(await outcomesOf(client, 3)).toEqual(['stored', 'stored', 'stored'])
    await bench.settled(client, 11)
    await until(() => existsSync(`${store}-ballast`), { what: 'the ballast is there again' })
    await expectHealthy()
  })
})

describe('a disk that runs low', () => {
  it('lets no new jobs in below the limit, without touching the ballast', async () => {
    const client = await aPipeline(8)
    await client.enqueueJobs(numbered(8, { waitsFor: gate }))
    disk.fill(7)
    expect(await outcomesOf(client, 2)).toEqual(['full', 'full'])
    writeFileSync(gate, '')
    await bench.settled(client, 8)
    expect(existsSync(`${store}-ballast`)).toBe(true)
    disk.free()
    expect(await outcomesOf(client, 2)).toEqual(['stored', 'stored'])
    await bench.settled(client, 10)
    await expectHealthy()
  })

  it('settles all that it has acknowledged when its own jobs have filled it', async () => {
    const client = await aPipeline(8)
    const filling = 'x'.repeat(100_000)
    const ids: string[] = []
    for (let isFull = false; !isFull;) {
      const answers = await client.enqueueJobs(numbered(10, { waitsFor: gate, filling }))
      ids.push(...answers.flatMap(({ ok, job }) => (ok ? [job.id] : [])))
      isFull = answers.some(({ outcome }) => outcome === 'full')
    }
    expect(ids.length).toBeGreaterThan(20)
    writeFileSync(gate, '')
    await bench.settled(client, ids.length)
    const settled = { done: ids.length, dead: 0, cancelled: 0 }
    expect((await client.status()).shards[0]?.settled).toEqual(settled)
    const audit = await bench.run(['audit', store, '--ledger', bench.ledger])
    expect(audit).toMatchObject({ code: 0, stderr: '' })
  })
})
