/**
 * So many connections that the manager has no descriptor left: it takes no more of them, works on with those
 * it has, and takes new ones as soon as the others have gone.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { execFileSync, type ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import { parseAddress } from '../../../src/runtime/address.ts'
import { encodeReport } from '../../../src/wire/report.ts'
import { until } from '../../wait.ts'
import { Bench } from '../processes.ts'
import { jobsFlow } from './jobs-flow.ts'
import { expectAlive, expectFlat, LoggedLines, openFiles, settledBytes } from './watch.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

async function connected(address: string): Promise<Socket> {
  const socket = connect(parseAddress(address))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

function limitFiles({ pid }: ChildProcess, limit: number): void {
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${limit}:`])
}

it('a manager without descriptors lives, works on with whom it has, and takes others later', async () => {
  const manager = bench.manager()
  const workers = [bench.worker('work', ['--concurrency', '4']), bench.worker('finish')]
  const logs = [manager, ...workers].map((child) => new LoggedLines(child))
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  await jobsFlow(client)
  const [files, bytes] = [openFiles(manager), await settledBytes(manager)]

  // Room for thirty more, and two hundred want in.
  const limit = files + 30
  limitFiles(manager, limit)
  const strangers: Socket[] = []
  for (let n = 0; n < 200; n++) strangers.push(await connected(bench.address(n % 4)))
  await until(() => openFiles(manager) >= limit - 2, { what: 'the manager has no descriptor left' })

  // A client that is connected already, and its jobs; a worker that dies and one that comes meanwhile.
  await jobsFlow(client)
  workers[1]?.kill('SIGKILL')
  workers[2] = bench.worker('finish')
  logs.splice(2, 1, new LoggedLines(workers[2]))
  expectAlive(logs)
  expect((await client.status()).shards[0]?.phases[0]?.workers).toBe(1)

  for (const stranger of strangers) stranger.destroy()
  await bench.workersReady(client, { work: 1, finish: 1 })
  await until(() => openFiles(manager) <= files + 10, {
    what: 'the descriptors of strangers are closed',
    timeoutMs: 20_000,
  })
  await jobsFlow(await bench.client())
  expectAlive(logs)
  expectFlat(bytes, await settledBytes(manager), 40, '200 connections too many')
  for (const log of logs) expect(log.all.length).toBeLessThan(50)
}, 90_000)

/** A worker that says hello, and is at an address where nobody is. */
function phantom(n: number): Uint8Array[] {
  const info = {
    ...{ id: `phantom-${n}`, incarnation: `phantom-${n}`, address: `tcp://127.0.0.1:${n + 1}` },
    ...{ jobType: 'work', concurrency: 1, host: 'nowhere', pid: 1, version: '0.1.0' },
  }
  return encodeReport({
    ...{ incarnation: info.incarnation, stream: '', number: 1, credit: 0, ping: 0, through: 0 },
    ...{ also: [], leaving: false, results: [], info },
  })
}

it('a manager without a descriptor for its next worker lives, and takes workers again later', async () => {
  const manager = bench.manager()
  const workers = [bench.worker('work'), bench.worker('finish')]
  const logs = [manager, ...workers].map((child) => new LoggedLines(child))
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const push = new zmq.Push({ linger: 0 })
  push.connect(bench.pull)
  const files = openFiles(manager)
  limitFiles(manager, files + 20)

  for (let n = 0; n < 100; n++) await push.send(phantom(n))
  await until(() => logs[0]?.having('a worker cannot be connected to').length === 1, {
    what: 'that a worker cannot be connected to is logged, once',
  })
  await jobsFlow(client)
  expectAlive(logs)

  limitFiles(manager, files + 500)
  workers.push(bench.worker('work'))
  await bench.workersReady(client, { work: 2, finish: 1 })
  await jobsFlow(client)
  expectAlive(logs)
  push.close()
}, 60_000)
