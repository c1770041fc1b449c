/**
 * A pipeline in sixteen shards on one shared store: managers join, are killed and leave while jobs keep
 * coming, and each time the shards are divided equally among those that are there. Nothing is lost or done
 * twice.
 */
import type { ChildProcess } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { noPostgres, PostgresServer } from '../../servers/postgres-server.ts'
import { until } from '../../wait.ts'
import { Bench, kill, numbered } from '../processes.ts'
import { endsOf, expectSound, Feed } from './steady-load.ts'
import { sharedStoreFile } from './two-managers.ts'

const shards = 16
const perSecond = 400
/** Of each of the two phases. */
const workersOfEach = 4
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
    return bench.start(
      ['pipeline', sharedStoreFile, ...doors, '--shards', String(shards)],
      this.env,
    )
  }

  worker(jobType: string): ChildProcess {
    const links = this.benches.flatMap((bench) => [
      ...['--push-connect', bench.pull, '--pub-connect', bench.address(2)],
    ])
    return this.#first.start(
      ['phase', sharedStoreFile, jobType, '--concurrency', '4', ...links],
      this.env,
    )
  }

  client(): Promise<PipelineClient> {
    return this.#first.client(this.benches.map(({ pull }) => pull).join(','))
  }

  audit(): ReturnType<typeof expectSound> {
    return expectSound(this.#first, sharedStoreFile, this.env)
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

async function play(company: Company): Promise<string> {
  const first = company.manager(0)
  for (let n = 0; n < workersOfEach; n++) {
    for (const jobType of ['work', 'finish']) company.worker(jobType)
  }
  const client = await company.client()
  await shared(client, [16])
  // Somebody waits from the beginning, whoever owns the jobs by the time they are done.
  expect(await client.pause('finish')).toEqual({ pipeline: false, phases: ['finish'] })
  const early = await client.enqueueJobs(numbered(200))
  const waited = endsOf(
    client,
    early.map(({ job }) => job.id),
  )
  // Each of them stops when any shard is nobody's for a moment.
  const feeds = [1, 2, 3, 4].map(() => new Feed(client, perSecond / 4))
  const [, third] = [company.manager(1), company.manager(2)]
  company.manager(3)
  await shared(client, [4, 4, 4, 4])
  await kill(third)
  await shared(client, [6, 5, 5])
  first.kill('SIGTERM')
  await shared(client, [8, 8])
  company.manager(2)
  await shared(client, [6, 5, 5])
  await Promise.all(feeds.map((feed) => feed.end()))
  await client.resume('finish')

  const fed = feeds.flatMap(({ ids }) => ids)
  const ends = new Map([...(await waited), ...(await endsOf(client, fed))])
  expect(ends.size).toBe(early.length + fed.length)
  expect([...ends].filter(([, state]) => state !== 'done')).toEqual([])
  const { repeated } = await company.audit()
  return `${ends.size} jobs, 0 lost, 0 done twice; ${repeated} executions more than once`
}

describe.skipIf(missing !== undefined)('a pipeline in sixteen shards', () => {
  it('is shared by the managers that are there', async () => {
    const server = await PostgresServer.start()
    try {
      await using one = await Bench.open()
      await using two = await Bench.open()
      await using three = await Bench.open()
      await using four = await Bench.open()
      const summary = await play(new Company([one, two, three, four], server.url()))
      process.stdout.write(`sixteen shards: ${summary}\n`)
    } finally {
      await server.stop()
    }
  }, 240_000)
})
