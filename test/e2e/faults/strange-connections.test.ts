/**
 * Who connects and is no peer: browsers, port scanners, half-open connections, sockets of the wrong type.
 * They come and go; managers and workers do not notice more than that.
 */
import { once } from 'node:events'
import type { ChildProcess } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { seededRng } from '../../../src/core/rng.ts'
import { parseAddress } from '../../../src/runtime/address.ts'
import { until } from '../../wait.ts'
import { Bench } from '../processes.ts'
import { jobsFlow } from './jobs-flow.ts'
import { expectAlive, expectFlat, LoggedLines, openFiles, settledBytes } from './watch.ts'

/** As for malformed messages: a heap breathes by this much. */
const growthMiBMax = 40

let bench: Bench
let manager: ChildProcess
let client: PipelineClient
let logs: LoggedLines[]
let doors: readonly string[]

beforeAll(async () => {
  bench = await Bench.open()
  manager = bench.manager()
  const workers = [bench.worker('work', ['--concurrency', '4']), bench.worker('finish')]
  logs = [manager, ...workers].map((child) => new LoggedLines(child))
  client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const found = (await client.status()).shards[0]?.workers ?? []
  const own = [0, 1, 2, 3].map((index) => bench.address(index))
  doors = [...own, ...found.map(({ address }) => address)]
})

afterAll(async () => {
  await bench.close()
})

/** Connects to the door and sends; the connection stays until it is destroyed or the other side ends it. */
async function raw(address: string, ...texts: readonly (string | Uint8Array)[]): Promise<Socket> {
  const socket = connect(parseAddress(address))
  // The other side may well cut it.
  socket.on('error', () => undefined)
  socket.resume()
  await once(socket, 'connect')
  for (const text of texts) socket.write(text)
  return socket
}

/** Destroys them, and waits until the other side has noticed. */
async function closed(sockets: readonly Socket[]): Promise<void> {
  const open = sockets.filter((socket) => !socket.closed)
  const gone = open.map((socket) => once(socket, 'close'))
  for (const socket of open) socket.destroy()
  await Promise.all(gone)
}

async function filesAgain(before: number): Promise<void> {
  await until(() => openFiles(manager) <= before + 2, {
    what: 'the descriptors of strangers are closed',
    timeoutMs: 20_000,
  })
}

async function harmsNothing(act: () => Promise<void>): Promise<void> {
  const [files, bytes] = [openFiles(manager), await settledBytes(manager)]
  await Promise.all([act(), jobsFlow(client)])
  await jobsFlow(client)
  await filesAgain(files)
  expectFlat(bytes, await settledBytes(manager), growthMiBMax, 'strange connections')
  expectAlive(logs)
  const [shard] = (await client.status()).shards
  expect(shard?.workers.map(({ state }) => state)).toEqual(['ready', 'ready'])
}

/** The greeting of ZMTP 3.0 with the NULL mechanism, as RFC 23 has it. */
const greeting = Buffer.concat([
  ...[Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]), Buffer.from('NULL')],
  Buffer.alloc(48),
])

describe('a stranger at the TCP ports', () => {
  it('that speaks HTTP harms nothing', async () => {
    await harmsNothing(async () => {
      const request = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n'
      for (const door of doors) {
        const sockets = await Promise.all(Array.from({ length: 20 }, () => raw(door, request)))
        await closed(sockets)
      }
    })
  })

  it('that sends random bytes harms nothing', async () => {
    const rng = seededRng(5)
    const noise = () => Uint8Array.from({ length: 2_000 }, () => rng.next() * 256)
    await harmsNothing(async () => {
      for (const door of doors) {
        const greeted = Array.from({ length: 50 }, () => raw(door, greeting, noise()))
        const others = Array.from({ length: 50 }, () => raw(door, noise()))
        await closed(await Promise.all([...greeted, ...others]))
      }
    })
  })

  it('that announces a frame of 2⁶³ bytes gets no memory for it', async () => {
    const ready = Buffer.from(
      '\u0004\u0019\u0005READY\u000bSocket-Type\u0000\u0000\u0000\u0004PUSH',
    )
    const huge = Buffer.from([0x02, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3])
    await harmsNothing(async () => {
      for (const door of doors) {
        const sockets = Array.from({ length: 20 }, () => raw(door, greeting, ready, huge))
        await closed(await Promise.all(sockets))
      }
    })
  })

  it('that says nothing 200 times over, or dies half-way in a handshake, harms nothing', async () => {
    await harmsNothing(async () => {
      const silent: Socket[] = []
      for (let n = 0; n < 200; n++) silent.push(await raw(doors[n % 2] ?? ''))
      for (const door of doors) {
        for (let cut = 1; cut < greeting.length; cut += 7) {
          silent.push(await raw(door, greeting.subarray(0, cut)))
        }
      }
      await jobsFlow(client)
      await closed(silent)
    })
  })

  it('that scans them, connecting and leaving 500 times each, harms nothing', async () => {
    await harmsNothing(async () => {
      for (const door of doors) {
        for (let n = 0; n < 500; n++) (await raw(door)).destroy()
      }
    })
  })
})

describe('a socket of the wrong type', () => {
  it('at any door harms nothing, and what it says is not taken', async () => {
    const before = (await client.status()).rejectedMessages
    await harmsNothing(async () => {
      const sockets = doors.flatMap((door) =>
        [zmq.Dealer, zmq.Request, zmq.Publisher, zmq.Push, zmq.Pair].map((type) => {
          const socket = new type({ linger: 0, sendTimeout: 0 })
          socket.connect(door)
          return socket
        }),
      )
      await jobsFlow(client)
      for (const socket of sockets) {
        await socket.send('nonsense').catch(() => undefined)
      }
      await jobsFlow(client)
      for (const socket of sockets) socket.close()
    })
    // The right ones among them (a DEALER at the router door, …) were heard.
    expect((await client.status()).rejectedMessages).toBeGreaterThan(before)
  })
})
