/** The topology of the original: relays on the worker's own box, host names in addresses, one known address. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { Bench, ledgerFile, numbered } from './processes.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

const named = (address: string) => address.replace('127.0.0.1', 'localhost')
const json5 = `{"video_path": '/tmp/video1.mp4'}`

async function enqueueAndWait(address: string): Promise<void> {
  const finished = await bench.run(['enqueue', address, 'ledger', json5, '--wait', '--json'])
  expect(finished.stderr).not.toContain('error')
  expect(finished.code).toBe(0)
  expect(JSON.parse(finished.stdout)).toMatchObject({
    state: 'done',
    acknowledged: true,
    instructions: { video_path: '/tmp/video1.mp4', worked: true, finished: true },
  })
}

describe('host names', () => {
  it('are bound, announced and reached as given', async () => {
    const [pull, sub] = [named(bench.pull), named(bench.address(2))]
    bench.start(['pipeline', ledgerFile, 'ledger', `--pull-bind=${pull}`, `--sub-bind=${sub}`])
    const links = [
      `--push-connect=${pull}`,
      `--pub-connect=${sub}`,
      '--pull-bind=tcp://localhost:*',
    ]
    for (const type of ['work', 'finish']) {
      bench.start(['phase', ledgerFile, type, '--concurrency=4', ...links])
    }
    const client = await bench.client(pull)
    await bench.workersReady(client, { work: 1, finish: 1 })
    const [shard] = (await client.status()).shards
    expect(shard?.workers.every(({ address }) => address.startsWith('tcp://localhost:'))).toBe(true)
    await enqueueAndWait(pull)
  }, 60_000)
})

describe('a worker whose manager is not there', () => {
  it('says so after a while, and that it has answered when it comes', async () => {
    let said = ''
    const worker = bench.worker('work')
    worker.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    const hears = (what: string) =>
      until(() => said.includes(what), { what: `it says "${what}"`, timeoutMs: 20_000 })
    await hears(' is ready at ')
    await hears(`no manager has answered yet at ${bench.pull}: is it running`)
    bench.manager(ledgerFile, { CARBONTUBE_MANAGER_ID: 'late' })
    await hears('manager late has answered')
  }, 60_000)
})

describe('a bundle that is open on every interface', () => {
  it('has workers all the same: they are told an address that can be connected to', async () => {
    const everywhere = (address: string) => address.replace('127.0.0.1', '*')
    const doors = [`--pull-bind=${everywhere(bench.pull)}`]
    doors.push(`--sub-bind=${everywhere(bench.address(2))}`)
    bench.start(['bundle', ledgerFile, ...doors])
    await bench.workersReady(await bench.client(), { work: 1, finish: 1 })
    await enqueueAndWait(bench.pull)
  }, 60_000)
})

describe('a streamer and a forwarder on the worker’s box', () => {
  it('carry results and events when they connect to the manager', async () => {
    const relays = await Bench.open()
    try {
      bench.manager()
      const [streamer, forwarder] = [relays.address(0), relays.address(2)]
      relays.start(['streamer', `--pull-bind=${streamer}`, `--push-connect=${bench.pull}`])
      relays.start(['forwarder', `--sub-bind=${forwarder}`, `--pub-connect=${bench.address(2)}`])
      await throughRelays(streamer, forwarder)
    } finally {
      await relays.close()
    }
  }, 60_000)

  it('carry them when the manager connects to the relays', async () => {
    const relays = await Bench.open()
    try {
      const [streamer, streamed] = [relays.address(0), relays.address(1)]
      const [forwarder, forwarded] = [relays.address(2), relays.address(3)]
      relays.start(['streamer', `--pull-bind=${streamer}`, `--push-bind=${streamed}`])
      relays.start(['forwarder', `--sub-bind=${forwarder}`, `--pub-bind=${forwarded}`])
      bench.start([
        ...['pipeline', ledgerFile, `--pull-bind=${bench.pull}`, `--sub-bind=${bench.address(2)}`],
        ...[`--pull-connect=${streamed}`, `--sub-connect=${forwarded}`],
      ])
      await throughRelays(streamer, forwarder)
    } finally {
      await relays.close()
    }
  }, 60_000)

  it('let a job of a worker that dies behind one start elsewhere, once that has been silent for long', async () => {
    const relays = await Bench.open()
    try {
      bench.manager()
      const [streamer, streamed] = [relays.address(0), relays.address(1)]
      relays.start(['streamer', `--pull-bind=${streamer}`, `--push-bind=${streamed}`])
      const behind = [`--pull-connect=${streamed}`, `--advertise=${streamer}`]
      const worker = bench.worker('work', behind)
      const client = await bench.client()
      await bench.workersReady(client, { work: 1 })
      await client.enqueueJobs(numbered(1, { waitsFor: join(bench.folder, 'never') }))
      await until(() => bench.entries().length === 1, { what: 'the job runs' })
      worker.kill('SIGKILL')
      const other = bench.worker('work')
      await until(() => bench.entries().length === 2, {
        ...{ what: 'it runs elsewhere', timeoutMs: 50_000 },
      })
      expect(bench.entries().map(({ pid }) => pid)).toEqual([worker.pid, other.pid])
    } finally {
      await relays.close()
    }
  }, 90_000)

  async function throughRelays(streamer: string, forwarder: string): Promise<void> {
    for (const type of ['work', 'finish']) {
      bench.start([
        ...['phase', ledgerFile, type, '--pull-bind=tcp://127.0.0.1:*'],
        ...[`--push-connect=${streamer}`, `--pub-connect=${forwarder}`],
      ])
    }
    await bench.workersReady(await bench.client(), { work: 1, finish: 1 })
    await enqueueAndWait(bench.pull)
  }
})
