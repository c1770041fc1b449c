/** However a bundle ends, its workers end: the next bundle must not find those of the last one beside its own. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench, kill, ledgerFile, numbered } from '../processes.ts'

let bench: Bench
let gate: string
let client: PipelineClient
/** Of all bundles: nobody else would end those that outlive them. */
let workerPids: number[]

beforeEach(async () => {
  bench = await Bench.open()
  gate = join(bench.folder, 'gate')
  workerPids = []
})

afterEach(async () => {
  await bench.close()
  for (const pid of workerPids) killed(pid)
})

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function aBundle(): Promise<ChildProcess> {
  const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
  const bundle = bench.start(['bundle', ledgerFile, ...doors])
  client = await bench.client()
  const workers = await until(
    async () => {
      const all = (await client.status()).shards[0]?.workers ?? []
      const ready = all.filter(({ state }) => state === 'ready')
      return ready.length === 2 ? ready : undefined
    },
    { what: 'both workers are ready', timeoutMs: 20_000 },
  )
  workerPids.push(...workers.map(({ pid }) => pid))
  return bundle
}

/** Its process and all workers: they have its pipes open. */
async function allGone(bundle: ChildProcess, end: () => Promise<void> | boolean): Promise<void> {
  const closed = once(bundle, 'close')
  await end()
  await closed
}

const runs = () => bench.entries().filter(({ phase }) => phase === 'work')

async function aJobRuns(): Promise<void> {
  await client.enqueueJobs(numbered(1, { waitsFor: gate }))
  await until(() => runs().length === 1, { what: 'the job runs' })
}

describe('the workers of a bundle', () => {
  it('end when it is killed', async () => {
    const bundle = await aBundle()
    await allGone(bundle, () => kill(bundle))
  }, 30_000)

  it('finish what runs when it is killed, and the next bundle takes the result', async () => {
    const first = await aBundle()
    await aJobRuns()
    await allGone(first, async () => {
      await kill(first)
      await aBundle()
      writeFileSync(gate, '')
    })
    await bench.settled(client, 1)
    expect((await client.status()).shards[0]?.settled).toEqual({ done: 1, dead: 0, cancelled: 0 })
    expect(runs()).toHaveLength(1)
    expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
  }, 60_000)

  it('stay when it only sleeps', async () => {
    const bundle = await aBundle()
    await aJobRuns()
    bundle.kill('SIGSTOP')
    const untilMs = performance.now() + 2_000
    await until(() => performance.now() > untilMs, { what: 'it wakes' })
    bundle.kill('SIGCONT')
    writeFileSync(gate, '')
    await bench.settled(client, 1)
    const ids = (await client.status()).shards[0]?.workers.map(({ pid }) => pid)
    expect(new Set(ids)).toEqual(new Set(workerPids))
  }, 30_000)

  it('stop at once when it is told to stop a second time', async () => {
    const bundle = await aBundle()
    await aJobRuns()
    bundle.kill('SIGTERM')
    await bench.someoneLeaves(client)
    const atMs = performance.now()
    await allGone(bundle, () => bundle.kill('SIGTERM'))
    expect(bundle.exitCode).toBe(143)
    // The job runs on without an end, and 30 s is how long they would wait for it.
    expect(performance.now() - atMs).toBeLessThan(15_000)
  }, 60_000)
})
