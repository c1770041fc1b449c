/** Whoever reads stdout or stderr ends before the command does: `| head -1`, a log collector that dies. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { until } from '../wait.ts'
import { Bench, cli, numbered } from './processes.ts'

let bench: Bench
let client: PipelineClient

beforeEach(async () => {
  bench = await Bench.open()
  bench.manager()
  client = await bench.client()
})

afterEach(() => bench.close())

describe('without a reader', () => {
  it('a worker goes on when a job fails, and is charged with no crash', async () => {
    const worker = bench.worker('work')
    bench.worker('finish')
    await bench.workersReady(client, { work: 1, finish: 1 })
    worker.stderr?.destroy()
    await client.enqueueJobs(numbered(2, { does: 'reject' }))
    await bench.settled(client, 2)
    await client.enqueueJobs(numbered(1))
    await bench.settled(client, 3)
    const [shard] = (await client.status()).shards
    expect(shard?.settled).toMatchObject({ done: 1, dead: 2 })
    expect(worker.exitCode).toBeNull()
    worker.kill('SIGTERM')
    expect(await once(worker, 'exit')).toEqual([0, null])
  })

  it('enqueue sends all that it was given', async () => {
    const args = ['enqueue', bench.router, 'ledger', '-']
    const child = bench.spawned(spawn(process.execPath, [cli, ...args], { stdio: 'pipe' }))
    child.stdout.destroy()
    child.stdin.end('{"n":1}\n'.repeat(1_500))
    expect(await once(child, 'exit')).toEqual([0, null])
    expect((await client.status()).shards[0]?.phases[0]?.waiting).toBe(1_500)
  })

  it('what shows on and on ends', async () => {
    for (const args of [['top', '--json'], ['logs']]) {
      const child = bench.start([...args, bench.router])
      child.stdout?.destroy()
      if (args[0] === 'logs') await heard(child)
      await until(() => child.exitCode === 0, { what: `${args[0]} ends`, timeoutMs: 15_000 })
    }
  })

  /** Jobs that log, until a line has come. */
  async function heard(logs: { readonly exitCode: number | null }): Promise<void> {
    bench.worker('work')
    await until(
      async () => {
        await client.enqueueJobs(numbered(1, { says: 'hello' }))
        return logs.exitCode !== null
      },
      { what: 'a line has come', timeoutMs: 15_000 },
    )
  }
})

describe.skipIf(!existsSync('/dev/full'))('on a full disk', () => {
  it('a list that could not be written is no success', async () => {
    await client.enqueueJobs(numbered(1))
    const full = openSync('/dev/full', 'w')
    const stdio = ['ignore', full, 'pipe'] as const
    const args = ['jobs', 'list', bench.router]
    const child = bench.spawned(spawn(process.execPath, [cli, ...args], { stdio: [...stdio] }))
    closeSync(full)
    let said = ''
    child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    expect(await once(child, 'close')).toEqual([1, null])
    expect(said).toContain('not all could be written to stdout: ENOSPC')
    expect(said).not.toContain(' at ')
  })
})
