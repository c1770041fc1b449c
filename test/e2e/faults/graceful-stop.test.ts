/** Processes are asked to stop while jobs run: what runs is finished or given back, and nobody pays for it. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench, kill, numbered } from '../processes.ts'

let bench: Bench
let gate: string
let client: PipelineClient

beforeEach(async () => {
  bench = await Bench.open()
  gate = join(bench.folder, 'gate')
})

afterEach(async () => {
  await bench.close()
})

const runs = () => bench.entries().filter(({ phase }) => phase === 'work')

/** Two jobs run on a worker, and wait for the gate. */
async function twoJobsRun(...flags: readonly string[]) {
  const manager = bench.manager()
  const worker = bench.worker('work', ['--concurrency', '2', ...flags])
  bench.worker('finish')
  client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  await client.enqueueJobs(numbered(2, { waitsFor: gate }))
  await until(() => runs().length === 2, { what: 'two jobs run' })
  return { manager, worker }
}

/** Ends the first signal's answer: it has begun to drain. */
async function drains(worker: ChildProcess): Promise<void> {
  worker.kill('SIGTERM')
  await bench.someoneLeaves(client)
}

/** Both are done, after so many runs, each of them the first attempt; and the audit finds nothing. */
async function expectDoneAfter(count: number): Promise<void> {
  await bench.settled(client, 2)
  expect((await client.status()).shards[0]?.settled).toEqual({ done: 2, dead: 0, cancelled: 0 })
  expect(runs()).toHaveLength(count)
  expect(runs().every(({ attempt }) => attempt === 1)).toBe(true)
  expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
}

describe('a worker that is asked to stop', () => {
  it('finishes what runs, and exits 0', async () => {
    const { worker } = await twoJobsRun()
    await drains(worker)
    const exited = once(worker, 'exit')
    writeFileSync(gate, '')
    expect(await exited).toEqual([0, null])
    await expectDoneAfter(2)
  })

  it('gives back at its deadline what still runs, and exits 0', async () => {
    const { worker } = await twoJobsRun('--drain', '200ms')
    const exited = once(worker, 'exit')
    worker.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    writeFileSync(gate, '')
    bench.worker('work')
    await expectDoneAfter(4)
    expect((await client.status()).shards[0]?.counters).toMatchObject({ retried: 0, stale: 0 })
  })

  it('and then asked again stops now, and its jobs go to the next one', async () => {
    const { worker } = await twoJobsRun()
    await drains(worker)
    const exited = once(worker, 'exit')
    worker.kill('SIGTERM')
    expect(await exited).toEqual([143, null])
    writeFileSync(gate, '')
    bench.worker('work')
    await expectDoneAfter(4)
  })

  it('and is killed meanwhile loses nothing either', async () => {
    const { worker } = await twoJobsRun()
    await drains(worker)
    await kill(worker)
    writeFileSync(gate, '')
    bench.worker('work')
    await expectDoneAfter(4)
  })
})

describe('a manager that is asked to stop while jobs run elsewhere', () => {
  it('releases its store and exits 0; the next one adopts what ran on', async () => {
    const { manager } = await twoJobsRun()
    const exited = once(manager, 'exit')
    manager.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    const store = join(bench.folder, '.carbontube', 'ledger.db')
    const doctor = await bench.run(['doctor', store])
    expect(doctor.stdout).toContain('released by its last owner')
    writeFileSync(gate, '')
    bench.manager()
    await expectDoneAfter(2)
  })

  it('and is killed meanwhile leaves the same to the next one', async () => {
    const { manager } = await twoJobsRun()
    manager.kill('SIGTERM')
    await kill(manager)
    bench.manager()
    await bench.workersReady(client, { work: 1, finish: 1 })
    writeFileSync(gate, '')
    await expectDoneAfter(2)
  })
})
