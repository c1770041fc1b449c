/**
 * Somebody who listens to the events and is too slow, or stopped: what cannot be sent to them is dropped and
 * shows as a gap in the numbers; neither jobs nor the manager's memory suffer.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { until } from '../../wait.ts'
import { Bench, numbered } from '../processes.ts'
import { expectAlive, LoggedLines } from './watch.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

/** Subscribes to everything and prints the number of each event of the manager. */
const program = `
import * as zmq from ${JSON.stringify(import.meta.resolve('zeromq'))}
import { unpack } from ${JSON.stringify(import.meta.resolve('msgpackr'))}
const sub = new zmq.Subscriber({ receiveHighWaterMark: 0 })
sub.connect(process.argv[1])
sub.subscribe()
for await (const [topic, frame] of sub) {
  const { source, sequence } = unpack(frame)
  if (!source.includes('@')) process.stdout.write(sequence + '\\n')
}
`

class Subscriber {
  readonly child: ChildProcess
  readonly #numbers: number[] = []

  constructor(address: string) {
    const args = ['--input-type=module', '-e', program, address]
    this.child = bench.spawned(
      spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }),
    )
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => this.#numbers.push(Number(line)))
  }

  get newest(): number {
    return this.#numbers.at(-1) ?? 0
  }

  /** Events that it missed between the first and the last that it had. */
  get missed(): number {
    const [first = 0] = this.#numbers
    return this.newest - first + 1 - this.#numbers.length
  }
}

/** Until it has an event that is newer than this number; there is always something to hear. */
async function hears(client: PipelineClient, subscriber: Subscriber, than = 0): Promise<void> {
  await until(
    async () => {
      await client.enqueueJobs(numbered(1))
      return subscriber.newest > than
    },
    { what: 'the subscriber hears of new events', timeoutMs: 20_000 },
  )
}

/** In one request; five events each. */
const jobs = 9_000

it('a stopped subscriber costs its own events, and nobody else anything', async () => {
  const manager = bench.manager()
  const workers = [bench.worker('work', ['--concurrency', '8']), bench.worker('finish')]
  const logs = [manager, ...workers].map((child) => new LoggedLines(child))
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const [stopped, well] = [new Subscriber(bench.address(3)), new Subscriber(bench.address(3))]
  await hears(client, stopped)
  await hears(client, well)
  stopped.child.kill('SIGSTOP')

  for (const round of [1, 2]) {
    await client.enqueueJobs(numbered(jobs))
    await bench.settled(client, round * jobs)
  }
  expectAlive(logs)
  // Nothing, when the machine has a moment for it; its buffer holds 10,000.
  expect(well.missed).toBeLessThan(10_000)

  stopped.child.kill('SIGCONT')
  const newest = well.newest
  await hears(client, stopped, newest)
  // What was kept for it, it has got by now: 10,000, and about as many in the buffers of the sockets.
  expect(stopped.missed).toBeGreaterThan(newest / 2)
}, 90_000)

it('a subscriber that dies is forgotten: nothing is made for nobody', async () => {
  const manager = bench.manager()
  bench.worker('work', ['--concurrency', '8'])
  bench.worker('finish')
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const dead = new Subscriber(bench.address(3))
  await hears(client, dead)
  const gone = once(dead.child, 'exit')
  dead.child.kill('SIGKILL')
  await gone
  await client.enqueueJobs(numbered(1_000))
  await bench.settled(client, 1_000)
  const next = new Subscriber(bench.address(3))
  await hears(client, next)
  // Counted only while somebody listens: 1,000 jobs would have been thousands.
  expect(next.newest).toBeLessThan(2_000)
  expect(manager.exitCode).toBeNull()
}, 60_000)
