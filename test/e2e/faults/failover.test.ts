/**
 * The owner of a pipeline is killed, frozen, woken and asked to leave, on stores that several managers may
 * use, while jobs keep coming: the standby takes over, what runs is adopted, and nothing is lost or done twice.
 * `npm run failover` has more jobs, and prints the same figures.
 */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { noPostgres, PostgresServer } from '../../servers/postgres-server.ts'
import { redisMissing, RedisServer } from '../../servers/redis-server.ts'
import { until } from '../../wait.ts'
import { Bench, numbered } from '../processes.ts'
import { LoggedLines } from './watch.ts'

const file = fileURLToPath(new URL('../shared-store-pipeline.mjs', import.meta.url))
const campaign = process.env['FAILOVER_PER_SECOND']
const perSecond = Number(campaign ?? 500)
const feedMs = Number(process.env['FAILOVER_SECONDS'] ?? 4) * 1_000
const longJobs = 4
const waitingJobs = 60
/** ttl, roll call, and a second: a figure for a machine that does nothing else, so only the campaign asks for it. */
const takeoverMsMax = campaign === undefined ? Infinity : 9_000 + 2_000 + 1_000

/** Two managers that may both own the pipeline, workers and a client that know both. */
class TwoManagers {
  readonly here: Bench
  readonly there: Bench
  readonly env: Readonly<Record<string, string>>
  readonly logs = new Map<ChildProcess, LoggedLines>()

  constructor(here: Bench, there: Bench, storeUrl: string) {
    this.here = here
    this.there = there
    this.env = { STORE_URL: storeUrl, LEDGER: here.ledger }
  }

  manager(bench: Bench): ChildProcess {
    const child = bench.manager(file, this.env)
    this.logs.set(child, new LoggedLines(child))
    return child
  }

  worker(jobType: string): ChildProcess {
    const links = [this.here, this.there].flatMap((bench) => [
      ...['--push-connect', bench.pull, '--pub-connect', bench.address(2)],
    ])
    return this.here.start(['phase', file, jobType, '--concurrency', '8', ...links], this.env)
  }

  async says(child: ChildProcess, what: string, times = 1): Promise<void> {
    const log = this.logs.get(child)
    await until(() => (log?.having(what).length ?? 0) >= times, { what, timeoutMs: 40_000 })
  }

  client(): Promise<PipelineClient> {
    return this.here.client(`${this.here.pull},${this.there.pull}`)
  }
}

/** Enqueues at a steady rate until it is ended, and keeps what was acknowledged. */
class Feed {
  readonly acknowledged: string[] = []
  readonly #client: PipelineClient
  readonly #done: Promise<void>
  #isEnding = false

  constructor(client: PipelineClient) {
    this.#client = client
    this.#done = this.#run()
  }

  async #run(): Promise<void> {
    const startedMs = performance.now()
    let sent = 0
    while (!this.#isEnding) {
      const due = Math.floor(((performance.now() - startedMs) / 1_000) * perSecond) - sent
      if (due === 0) await new Promise((resolve) => setImmediate(resolve))
      else {
        sent += due
        for (const { ok, job } of await this.#client.enqueueJobs(numbered(Math.min(due, 1_000)))) {
          if (ok) this.acknowledged.push(job.id)
        }
      }
    }
  }

  async end(): Promise<void> {
    this.#isEnding = true
    await this.#done
  }
}

interface Takeover {
  /** From the loss of the owner to the first execution under the next one, of a job stored before. */
  readonly firstGrantMs: number
  readonly adopted: number
}

/** What `loseOwner` does is done while jobs run and come; then `next` owns them. */
async function takeOver(
  two: TwoManagers,
  feed: Feed,
  { loseOwner, next, times }: { loseOwner(): void; next: ChildProcess; times: number },
  client: PipelineClient,
): Promise<Takeover> {
  const long = await client.enqueueJobs(numbered(longJobs, { ms: 16_000 }))
  const started = () => new Set(two.here.entries().map(({ jobId }) => jobId))
  await until(() => long.every(({ job }) => started().has(job.id)), {
    what: 'the long jobs run',
    timeoutMs: 20_000,
  })
  const fedMs = performance.now() + feedMs
  await until(() => performance.now() > fedMs, { what: 'jobs have come', timeoutMs: 2 * feedMs })
  // More than the workers can begin: some wait in the store when the owner is lost.
  const waiting = await client.enqueueJobs(numbered(waitingJobs, { ms: 500 }))
  const stored = new Set([...feed.acknowledged, ...waiting.map(({ job }) => job.id)])
  const lostMs = Date.now()
  loseOwner()
  await two.says(next, 'is ready', times)
  const { epoch, counters } = await until(
    async () => {
      const [shard] = (await client.status()).shards
      return shard !== undefined && !shard.rollCallOpen ? shard : undefined
    },
    { what: 'the roll call is over', timeoutMs: 20_000 },
  )
  const byNext = String(epoch).padStart(16, '0')
  const first = await until(
    () =>
      two.here.entries().find(({ jobId, fence }) => stored.has(jobId) && fence.startsWith(byNext)),
    { what: 'a job that was stored before is granted', timeoutMs: 20_000 },
  )
  return { firstGrantMs: first.atMs - lostMs, adopted: counters.adopted }
}

async function loseOwners(storeUrl: string, say: (line: string) => void): Promise<void> {
  await using here = await Bench.open()
  await using there = await Bench.open()
  const two = new TwoManagers(here, there, storeUrl)
  const first = two.manager(here)
  await two.says(first, 'is ready')
  const second = two.manager(there)
  await two.says(second, 'standing by')
  for (const jobType of ['work', 'work', 'finish']) two.worker(jobType)
  const client = await two.client()
  await here.workersReady(client, { work: 2, finish: 1 })
  const feed = new Feed(client)

  const frozen = await takeOver(
    ...[two, feed, { loseOwner: () => first.kill('SIGSTOP'), next: second, times: 1 }, client],
  )
  say(`frozen owner: first grant after ${frozen.firstGrantMs} ms, ${frozen.adopted} adopted`)
  first.kill('SIGCONT')
  await two.says(first, 'the shard is lost')
  await two.says(first, 'standing by', 2)
  const killed = await takeOver(
    ...[two, feed, { loseOwner: () => second.kill('SIGKILL'), next: first, times: 2 }, client],
  )
  say(`killed owner: first grant after ${killed.firstGrantMs} ms, ${killed.adopted} adopted`)
  await feed.end()

  const inAll = feed.acknowledged.length + 2 * (longJobs + waitingJobs)
  const states = new Map<string, string>()
  await client.waitForJobs(feed.acknowledged, 60_000, (items) => {
    for (const { id, state } of items) states.set(id, state)
  })
  expect(feed.acknowledged.filter((id) => states.get(id) !== 'done')).toEqual([])
  await here.settled(client, inAll)
  const audit = await here.run(['audit', file, '--ledger', here.ledger, '--json'], '', two.env)
  expect(audit).toMatchObject({ code: 0, stderr: '' })
  const summary = JSON.parse(audit.stdout.trim().split('\n').at(-1) ?? '') as { repeated: number }
  say(`${inAll} jobs, 0 lost, 0 done twice; ${summary.repeated} executions more than once`)
  for (const { firstGrantMs, adopted } of [frozen, killed]) {
    expect(firstGrantMs).toBeLessThan(takeoverMsMax)
    expect(adopted).toBeGreaterThan(0)
  }
}

interface SharedStore {
  readonly url: string
  stop(): Promise<void>
}

async function startRedis(): Promise<SharedStore> {
  const server = await RedisServer.start()
  return { url: server.uri, stop: () => server.stop() }
}

async function startPostgres(): Promise<SharedStore> {
  const server = await PostgresServer.start()
  return { url: server.url(), stop: () => server.stop() }
}

const servers = [
  { name: 'Redis', start: startRedis, missing: redisMissing() },
  { name: 'Postgres', start: startPostgres, missing: noPostgres() },
].map((server) => {
  const { name, missing } = server
  return { ...server, title: missing === undefined ? name : `${name} [skipped: ${missing}]` }
})

// Side by side: they mostly wait for an ownership to end.
describe.concurrent('the standby of a lost owner', () => {
  describe.each(servers)('$title', ({ name, start, missing }) => {
    it.skipIf(missing !== undefined)(
      'takes over',
      async () => {
        const server = await start()
        try {
          await loseOwners(server.url, (line) => process.stdout.write(`${name}: ${line}\n`))
        } finally {
          await server.stop()
        }
      },
      240_000,
    )
  })
})
