/** Large jobs that people order about, or list: the store is never asked for more of them than memory can take. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PipelineClient } from '../../src/client/pipeline-client.ts'
import type { JobRecord } from '../../src/core/job.ts'
import { chain } from '../../src/pipeline/chain.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { Reject } from '../../src/pipeline/outcome.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { Happened } from '../transport/happened.ts'
import { ACompany, held, lettersSite, Numbers, numbersSite, type Run } from './a-company.ts'

/** Seventeen of them are more than 16 MiB. */
const large = new Uint8Array(1_000 * 1_024)
const many = 100
const ids = Array.from({ length: many }, (_, n) => `job-${n}`)

/** Keeps jobs in memory, can give each of them large instructions, and knows how many were read at once. */
class LargeJobs extends EphemeralStorageBackend {
  instructions: Uint8Array | undefined
  atOnce = 0
  mostAtOnce = 0

  override async getJobs(...wanted: Parameters<EphemeralStorageBackend['getJobs']>) {
    return await this.#read(wanted[1].length, async () => {
      return (await super.getJobs(...wanted)).map((job) => this.#enlarged(job))
    })
  }

  override async listJobs(...wanted: Parameters<EphemeralStorageBackend['listJobs']>) {
    return await this.#read(wanted[2].limit, async () => {
      const page = await super.listJobs(...wanted)
      return { ...page, jobs: page.jobs.map((job) => this.#enlarged(job)) }
    })
  }

  async #read<T>(jobs: number, read: () => Promise<T>): Promise<T> {
    this.atOnce += jobs
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce)
    // Whoever reads beside this one has begun by then.
    await new Promise((resolve) => setImmediate(resolve))
    this.atOnce -= jobs
    return await read()
  }

  #enlarged(job: JobRecord): JobRecord {
    const { instructions } = this
    return instructions === undefined ? job : { ...job, instructions }
  }
}

class Refuse extends Phase {
  readonly jobType = 'refuse'
  execute() {
    throw new Reject('no')
  }
}

class Refusals extends Pipeline {
  readonly name = 'refusals'
  readonly phases = chain(Refuse)
}

let company: ACompany
let storage: LargeJobs
let client: PipelineClient<typeof Numbers>

beforeEach(async () => {
  company = new ACompany()
  held.runs = undefined
  storage = new LargeJobs('numbers')
  await company.manager(Numbers, numbersSite, storage)
  client = await company.client(numbersSite)
  await client.enqueueJobs(
    ids.map((id, n) => ({ name: 'numbers', id, instructions: { n } }) as const),
  )
})

afterEach(() => company.close())

describe('orders about a hundred dead jobs in one request', () => {
  it('are carried out, and the jobs looked up in slices', async () => {
    const dead = new LargeJobs('refusals')
    await company.manager(Refusals, lettersSite, dead)
    await company.worker(Refusals, 0, lettersSite)
    const transport = company.network
    const operator = new PipelineClient<typeof Refusals>(lettersSite.pull, { transport })
    await operator.connect()
    await operator.enqueueJobs(
      ids.map((id) => ({ name: 'refusals', id, instructions: {} }) as const),
    )
    await operator.waitForJobs(ids, 10_000, () => undefined)
    dead.mostAtOnce = 0
    const redriven = await operator.redriveJobs(ids)
    expect(redriven.map(({ outcome }) => outcome)).toEqual(ids.map(() => 'redriven'))
    expect(dead.mostAtOnce).toBe(16)
    operator.close()
  })
})

describe('a list', () => {
  it('has its hundred jobs, read in slices', async () => {
    storage.instructions = large
    const page = await client.listJobs()
    expect(page).toMatchObject({ count: many, more: false, next: '' })
    expect(page.jobs.map(({ id }) => id)).toEqual(ids.toReversed())
    expect(storage.mostAtOnce).toBeLessThanOrEqual(16)
  })

  it('with instructions has those that a message can carry, and goes on behind them', async () => {
    storage.instructions = large
    const found: string[] = []
    let after = ''
    do {
      const { jobs, next } = await client.listJobs({}, { after, withInstructions: true })
      expect(jobs.length).toBeLessThanOrEqual(17)
      found.push(...jobs.map(({ id }) => id))
      after = next
    } while (after !== '')
    expect(found).toEqual(ids.toReversed())
    expect(storage.mostAtOnce).toBeLessThanOrEqual(16)
  })

  it('of what a worker has is read in slices too', async () => {
    held.runs = new Happened<Run>()
    await company.worker(Numbers, 0, numbersSite)
    const { worker } = await company.worker(Numbers, 1, { ...numbersSite, concurrency: 40 })
    await held.runs.times(40)
    storage.instructions = large
    const { jobs, count } = await client.listJobs({ worker: worker.info.id })
    expect(jobs.length).toBe(count)
    expect(count).toBeGreaterThanOrEqual(40)
    const some = await client.listJobs({ worker: worker.info.id }, { withInstructions: true })
    expect(some).toMatchObject({ count, more: true })
    expect(some.jobs.map(({ instructions }) => instructions?.length)).toEqual(
      Array.from({ length: 17 }, () => large.length),
    )
    expect(storage.mostAtOnce).toBeLessThanOrEqual(16)
  })
})
