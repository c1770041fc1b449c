/**
 * Ten thousand messages at each door that are not of the protocol, or only just: whoever sends them, the
 * processes live, count what they drop, log it once a second, keep their memory, and work goes on.
 */
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as zmq from 'zeromq'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { WireError } from '../../../src/wire/wire-error.ts'
import { messageIn } from '../../wire/as-frames.ts'
import type { Sample } from '../../wire/golden-samples.ts'
import { Bench } from '../processes.ts'
import { jobsFlow } from './jobs-flow.ts'
import { Malformer, type Frames } from '../../wire/malformed.ts'
import { expectAlive, expectFlat, LoggedLines, settledBytes } from './watch.ts'

const count = 10_000
/**
 * A warm V8 heap breathes by some tens of MiB. A leak of one message (about 500 bytes, and some objects for
 * what was read of it) would make 10,000 × 3 kB = 30 MiB in a round, and there are two.
 */
const growthMiBMax = 40
const patience = { linger: 0, sendTimeout: 5_000 }
const dropped = 'dropped a message'

let bench: Bench
let manager: ChildProcess
let workers: ChildProcess[]
let client: PipelineClient
let logs: LoggedLines[]

beforeAll(async () => {
  bench = await Bench.open()
  manager = bench.manager()
  workers = [bench.worker('work', ['--concurrency', '4']), bench.worker('finish')]
  logs = [manager, ...workers].map((child) => new LoggedLines(child))
  client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
})

afterAll(async () => {
  await bench.close()
})

interface Door {
  readonly kind: Sample['kind']
  readonly kinds: readonly Sample['kind'][]
  readonly seed: number
  send(frames: Frames): Promise<void>
}

/** Answers how many of them no decoder takes. */
async function barrage({ kind, kinds, seed, send }: Door): Promise<number> {
  // A mutated `pause` may still be one, and then the test would pause itself.
  const malformer = new Malformer(seed, kinds, ['pause', 'pauseOfOneOfSeveral', 'drain'])
  let refused = 0
  for (let n = 0; n < count; n++) {
    const frames = malformer.next()
    if (!isRead(kind, frames)) refused += 1
    // Whoever is gone takes nothing: the send would wait for ever.
    if (n % 100 === 0) expectAlive(logs)
    await send(frames).catch((error: unknown) => {
      expectAlive(logs)
      throw new Error(logs.flatMap(({ all }) => all.slice(-5)).join('\n'), { cause: error })
    })
  }
  return refused
}

function isRead(kind: Sample['kind'], frames: Frames): boolean {
  try {
    messageIn(kind, frames)
    return true
  } catch (error) {
    if (error instanceof WireError) return false
    throw error
  }
}

/** Twice, so that the first round warms the heap: what the second one adds would go on growing. */
async function torment(door: Door, victim: ChildProcess): Promise<number> {
  const first = await barrage(door)
  await jobsFlow(client)
  const before = await settledBytes(victim)
  const [second] = await Promise.all([barrage({ ...door, seed: door.seed + 1 }), jobsFlow(client)])
  await jobsFlow(client)
  expectFlat(before, await settledBytes(victim), growthMiBMax, `${count} messages`)
  expectAlive(logs)
  for (const log of logs) {
    const { lines, seconds } = log.spanOf(dropped)
    expect(lines, 'lines of a log that is limited to one a second').toBeLessThan(seconds + 3)
  }
  return first + second
}

async function rejected(): Promise<number> {
  return (await client.status()).rejectedMessages
}

describe('10,000 malformed messages, twice,', () => {
  it('at the pull door are counted and harm nothing', async () => {
    const push = new zmq.Push({ ...patience })
    push.connect(bench.pull)
    const before = await rejected()
    const send = (frames: Frames) => push.send([...frames])
    const refused = await torment(
      { kind: 'report', kinds: ['report', 'request', 'open'], seed: 11, send },
      manager,
    )
    push.close()
    // Among the messages that no decoder of a report takes are requests that the door does take.
    expect(await rejected()).toBeGreaterThan(before + count / 2)
    expect(refused).toBeGreaterThan(count)
  })

  it('at the router door are answered or dropped, counted, and harm nothing', async () => {
    const dealer = new zmq.Dealer({ ...patience })
    dealer.connect(bench.router)
    void (async () => {
      for await (const frames of dealer) if (frames.length === 0) return
    })()
    const before = await rejected()
    const send = (frames: Frames) => dealer.send([...frames])
    const kinds = ['request', 'report', 'reply'] as const
    const refused = await torment({ kind: 'request', kinds, seed: 21, send }, manager)
    dealer.close()
    expect(await rejected()).toBeGreaterThanOrEqual(before + refused)
  })

  it('at the sub door are counted and harm nothing', async () => {
    const pub = new zmq.XPublisher({ ...patience, sendHighWaterMark: 0 })
    pub.connect(bench.address(2))
    await pub.receive()
    const before = await rejected()
    const send = (frames: Frames) => pub.send([...frames])
    const kinds = ['published', 'report'] as const
    const refused = await torment({ kind: 'published', kinds, seed: 31, send }, manager)
    expect(await rejected()).toBeGreaterThanOrEqual(before + refused)
    pub.close()
  })

  it("at a worker's door harm nothing", async () => {
    const [worker] = workers as [ChildProcess]
    const found = (await client.status()).shards[0]?.workers.find(({ jobType, state }) => {
      return jobType === 'work' && state === 'ready'
    })
    const push = new zmq.Push({ ...patience })
    push.connect(found?.address ?? '')
    const send = (frames: Frames) => push.send([...frames])
    await torment({ kind: 'orders', kinds: ['orders', 'open', 'report'], seed: 41, send }, worker)
    push.close()
    expect(logs[1]?.having(dropped).length).toBeGreaterThan(0)
  })
})

describe('after all that', () => {
  it('the store has nothing that breaks a promise, and the manager says that it is well', async () => {
    const status = await client.status()
    expect(status.shards[0]?.paused).toBe(false)
    const audit = await bench.run(['audit', `${bench.folder}/.carbontube/ledger.db`])
    expect(audit).toMatchObject({ code: 0 })
    expect(logs[0]?.having('CT_INTERNAL')).toEqual([])
  })
})
