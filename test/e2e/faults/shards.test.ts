/**
 * A pipeline in sixteen shards on one shared store: managers join, are killed and leave while jobs keep
 * coming, and each time the shards are divided equally among those that are there. Nothing is lost or done
 * twice. `npm run shards` has more of everything, and prints figures.
 */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { noPostgres, PostgresServer } from '../../servers/postgres-server.ts'
import { until } from '../../wait.ts'
import { Bench, kill, numbered } from '../processes.ts'

const file = fileURLToPath(new URL('../shared-store-pipeline.mjs', import.meta.url))
const shards = 16
const missing = noPostgres()

/** Managers that share the pipeline, each with doors of its own, and workers and a client that know all. */
class Company {
  readonly benches: readonly Bench[]
  readonly env: Readonly<Record<string, string>>

  constructor(benches: readonly Bench[], storeUrl: string) {
    this.benches = benches
    this.env = { STORE_URL: storeUrl, LEDGER: this.#first.ledger }
  }

  get #first(): Bench {
    const [first] = this.benches
    if (first === undefined) throw new Error('a company has a bench')
    return first
  }

  manager(at: number): ChildProcess {
    const bench = this.benches[at] ?? this.#first
    const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
    return bench.start(['pipeline', file, ...doors, '--shards', String(shards)], this.env)
  }

  worker(jobType: string): ChildProcess {
    const links = this.benches.flatMap((bench) => [
      ...['--push-connect', bench.pull, '--pub-connect', bench.address(2)],
    ])
    return this.#first.start(['phase', file, jobType, '--concurrency', '4', ...links], this.env)
  }

  client(): Promise<PipelineClient> {
    return this.#first.client(this.benches.map(({ pull }) => pull).join(','))
  }

  async audit(): Promise<unknown> {
    const args = ['audit', file, '--ledger', this.#first.ledger, '--json']
    const { code, stdout, stderr } = await this.#first.run(args, '', this.env)
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
  }
}

/** How many shards each manager has that can be asked, most first. */
async function shares(client: PipelineClient): Promise<readonly number[]> {
  const { managers } = await client.status()
  return managers.map(({ owned = [] }) => owned.length).toSorted((a, b) => b - a)
}

async function shared(client: PipelineClient, expected: readonly number[]): Promise<void> {
  await until(async () => String(await shares(client)) === String(expected), {
    what: `the shards are shared ${expected.join(', ')}`,
    timeoutMs: 40_000,
  })
}

/** Enqueues without a pause, and waits for every job from then on, with whatever owner of its shard. */
class Feed {
  readonly acknowledged: string[] = []
  readonly done = new Set<string>()
  readonly #client: PipelineClient
  readonly #feeders: readonly Promise<void>[]
  readonly #waits: Promise<void>[] = []
  #isEnding = false

  constructor(client: PipelineClient) {
    this.#client = client
    this.#feeders = [1, 2, 3, 4].map(() => this.#run())
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      const answers = await this.#client.enqueueJobs(numbered(20))
      const ids = answers.flatMap(({ ok, job }) => (ok ? job.id : []))
      this.acknowledged.push(...ids)
      this.#waits.push(
        this.#client.waitForJobs(ids, 120_000, (items) => {
          for (const { id, state } of items) if (state === 'done') this.done.add(id)
        }),
      )
    }
  }

  async end(): Promise<void> {
    this.#isEnding = true
    await Promise.all(this.#feeders)
    await Promise.all(this.#waits)
  }
}

async function play(company: Company): Promise<string> {
  const first = company.manager(0)
  for (const jobType of ['work', 'work', 'finish', 'finish']) company.worker(jobType)
  const client = await company.client()
  await shared(client, [16])
  const feed = new Feed(client)
  company.manager(1)
  await shared(client, [8, 8])
  const third = company.manager(2)
  await shared(client, [6, 5, 5])
  await kill(third)
  await shared(client, [8, 8])
  first.kill('SIGTERM')
  await shared(client, [16])
  await feed.end()

  const { acknowledged, done } = feed
  expect(acknowledged.filter((id) => !done.has(id))).toEqual([])
  const audit = await company.audit()
  expect(audit).toMatchObject({ violations: 0 })
  const { repeated } = audit as { repeated: number }
  return `${acknowledged.length} jobs, 0 lost, 0 done twice; ${repeated} executions more than once`
}

describe.skipIf(missing !== undefined)('a pipeline in sixteen shards', () => {
  it('is shared by the managers that are there', async () => {
    const server = await PostgresServer.start()
    try {
      await using one = await Bench.open()
      await using two = await Bench.open()
      await using three = await Bench.open()
      const summary = await play(new Company([one, two, three], server.url()))
      process.stdout.write(`sixteen shards: ${summary}\n`)
    } finally {
      await server.stop()
    }
  }, 240_000)
})
