/** A process dies at any moment; nothing that was acknowledged is lost, nothing is recorded twice. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SqliteStorageBackend } from '../../src/storage/sqlite/sqlite-storage.ts'
import { until } from '../wait.ts'
import { Bench, cli, kill, ledgerFile, numbered } from './processes.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

describe('kill -9', () => {
  it('of the manager amid 5,000 acknowledged jobs loses none and records none twice', async () => {
    const manager = bench.manager()
    bench.worker('work', ['--concurrency', '8'])
    bench.worker('finish', ['--concurrency', '8'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })

    const answers = await client.enqueueJobs(numbered(5_000))
    expect(answers.every(({ ok, acknowledged }) => ok && acknowledged)).toBe(true)
    await bench.settled(client, 50)
    await kill(manager)
    bench.manager()
    await bench.settled(client, 5_000)

    const [shard] = (await client.status()).shards
    expect(shard?.settled).toEqual({ done: 5_000, dead: 0, cancelled: 0 })
    const { job, attempts } = await client.getJob(answers[4_999]?.job.id ?? '')
    expect(job.state).toBe('done')
    expect(attempts.filter(({ outcome }) => outcome === 'done').map(({ phase }) => phase)).toEqual([
      0, 1,
    ])
    const finished = new Set(
      bench.entries().flatMap((entry) => (entry.phase === 'finish' ? entry.n : [])),
    )
    expect(finished.size).toBe(5_000)
    expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
  }, 120_000)

  it('of a worker has its jobs run elsewhere within two seconds', async () => {
    bench.manager()
    const victim = bench.worker('work', ['--concurrency', '4'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 1 })
    await client.enqueueJobs(numbered(4, { ms: 4_000 }))
    await until(() => bench.entries().length === 4, { what: 'the victim runs four jobs' })
    const other = bench.worker('work', ['--concurrency', '4'])
    bench.worker('finish')
    await bench.workersReady(client, { work: 2, finish: 1 })

    const killedMs = performance.now()
    await kill(victim)
    await until(() => bench.entries().filter(({ pid }) => pid === other.pid).length === 4, {
      what: 'the other worker runs them',
      timeoutMs: 10_000,
    })
    expect(performance.now() - killedMs).toBeLessThan(2_000)
    await bench.settled(client, 4)
    expect((await client.status()).shards[0]?.settled.done).toBe(4)
  }, 60_000)
})

describe('a worker whose loop is blocked', () => {
  it('keeps its job over a restart of the manager, and nobody runs it twice', async () => {
    const manager = bench.manager()
    bench.worker('work')
    bench.worker('finish')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    await client.enqueueJobs(numbered(1, { spinMs: 12_000 }))
    await until(() => bench.entries().length === 1, { what: 'the job runs' })
    const path = join(bench.folder, '.carbontube/ledger.db')
    const store = new SqliteStorageBackend('ledger', { path, readOnly: true })
    await store.open()
    const noted = async () => (await store.summarise({ pipeline: 'ledger', shard: 0 })).noted
    await until(async () => (await noted()).length === 1, {
      what: 'it is noted',
      timeoutMs: 10_000,
    })
    await store.close()
    bench.worker('work')
    await kill(manager)
    bench.manager()
    await bench.settled(client, 1)
    expect(bench.entries().map(({ phase }) => phase)).toEqual(['work', 'finish'])
  }, 60_000)
})

describe('a bundle', () => {
  const doors = () => [`--pull-bind=${bench.pull}`, `--sub-bind=${bench.address(2)}`]

  it('starts another worker for one that ends by itself, whatever its exit code', async () => {
    const bundle = bench.start(['bundle', ledgerFile, ...doors()], { WORK_CRASHES: '1' })
    let said = ''
    bundle.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    const client = await bench.client()
    const exits = [0, 2, 3].map((code) => {
      return { name: 'ledger', id: `exits-${code}`, instructions: { exits: code } }
    })
    for (const job of exits) {
      await bench.workersReady(client, { work: 1, finish: 1 })
      await client.enqueueJobs([job])
      await client.waitForJobs([job.id], 20_000, () => undefined)
      await until(
        () => said.includes(`"work" ended with code ${job.instructions.exits}: starting`),
        {
          what: 'its end was said',
        },
      )
    }
    await bench.workersReady(client, { work: 1, finish: 1 })
    const [shard] = (await client.status()).shards
    for (const { id } of shard?.workers ?? []) await client.drainWorker(id)
    for (const type of ['work', 'finish']) {
      await until(() => said.includes(`"${type}" was drained, and is not started again`), {
        what: 'the drained worker was let go',
      })
    }
    expect(bundle.exitCode).toBe(null)
  }, 60_000)

  it('says which worker cannot start, and ends with its exit code', async () => {
    const file = join(bench.folder, 'refusing.mjs')
    const refusal = 'if (process.env.CARBONTUBE_BUNDLED !== undefined) process.exit(3)'
    writeFileSync(file, `${refusal}\nexport * from ${JSON.stringify(ledgerFile)}\n`)
    const { code, stderr } = await bench.run(['bundle', file, ...doors()])
    expect(code).toBe(3)
    expect(stderr).toMatch(/the worker of "\w+" ended with code 3 before it was ready/)
  }, 60_000)
})

describe('sharing', () => {
  it('gives two equal workers equal shares of 1,000 jobs', async () => {
    bench.manager()
    const [a, b] = [bench.worker('work'), bench.worker('work')]
    bench.worker('finish', ['--concurrency', '4'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 2, finish: 1 })
    await client.enqueueJobs(numbered(1_000, { ms: 10 }))
    await bench.settled(client, 1_000)
    const shares = [a, b].map(
      ({ pid }) => bench.entries().filter((one) => one.phase === 'work' && one.pid === pid).length,
    )
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(476)
  }, 60_000)

  it('gives a worker that is three times slower about a quarter', async () => {
    bench.manager()
    bench.worker('work', [], { SLOW_MS: '10' })
    const slow = bench.worker('work', [], { SLOW_MS: '30' })
    bench.worker('finish', ['--concurrency', '4'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 2, finish: 1 })
    await client.enqueueJobs(numbered(400))
    await bench.settled(client, 400)
    const share = bench
      .entries()
      .filter((one) => one.phase === 'work' && one.pid === slow.pid).length
    expect(share).toBeGreaterThan(80)
    expect(share).toBeLessThan(125)
  }, 60_000)
})

describe('enqueue -', () => {
  it('sends what was not answered again under the same ids, as when a standby takes over', async () => {
    const manager = bench.manager()
    const client = await bench.client()
    const args = ['enqueue', bench.router, 'ledger', '-']
    const child = bench.spawned(spawn(process.execPath, [cli, ...args]))
    const ids: string[] = []
    child.stdout.on('data', (text: Buffer) => ids.push(...text.toString().trim().split('\n')))
    let said = ''
    child.stderr.on('data', (text: Buffer) => (said += text.toString()))
    child.stdin.write('{"n":1}\n'.repeat(500))
    await until(() => ids.length === 500, { what: 'the first batch is enqueued' })

    manager.kill('SIGSTOP')
    child.stdin.end('{"n":2}\n'.repeat(10))
    await until(() => said.includes('sent again'), { what: 'it is sent again', timeoutMs: 20_000 })
    manager.kill('SIGCONT')
    expect(await once(child, 'close')).toEqual([0, null])
    expect(new Set(ids).size).toBe(510)
    expect((await client.status()).shards[0]?.phases[0]?.waiting).toBe(510)
  })
})
