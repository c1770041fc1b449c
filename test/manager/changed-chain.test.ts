/** A manager that starts on the jobs of another chain: in which phase they would go on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chain } from '../../src/pipeline/chain.ts'
import { Reject } from '../../src/pipeline/outcome.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline, type PipelineClass } from '../../src/pipeline/pipeline.ts'
import { ACompany, numbersSite, type Site } from './a-company.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'
import { SharedStorage } from './shared-storage.ts'

class First extends Phase {
  readonly jobType = 'first'
  execute() {
    throw new Reject('not this one')
  }
}

class Second extends Phase {
  readonly jobType = 'second'
  execute() {}
}

class Third extends Phase {
  readonly jobType = 'third'
  execute() {}
}

const full = class extends Pipeline {
  readonly name = 'numbers'
  readonly phases = chain(First, Second)
}
const longer = class extends Pipeline {
  readonly name = 'numbers'
  readonly phases = chain(First, Second, Third)
}
const swapped = class extends Pipeline {
  readonly name = 'numbers'
  readonly phases = chain(First, Third)
}
const withoutFirst = class extends Pipeline {
  readonly name = 'numbers'
  readonly phases = chain(Second)
}

const otherSite: Site = { pull: 'tcp://127.0.0.1:5051', sub: 'tcp://127.0.0.1:6001' }

let company: ACompany
let storage: SharedStorage

beforeEach(() => {
  company = new ACompany()
  storage = new SharedStorage('numbers')
})

afterEach(() => company.close())

/** A manager of this chain is there for as long as `act` takes. */
async function under(pipeline: PipelineClass, act: () => unknown = () => undefined): Promise<void> {
  const manager = await company.manager(pipeline, numbersSite, storage)
  await act()
  await manager.stop()
}

async function enqueue(): Promise<void> {
  const client = await company.client(numbersSite)
  await client.enqueueJobs([{ name: 'numbers', id: 'job', instructions: { n: 1 } }])
  client.close()
}

const refused = {
  code: 'CT_BAD_PIPELINE',
  message:
    'pipeline "numbers" was chain(first, second) and is chain(second) now, ' +
    'and 1 jobs in its store would go on in a wrong phase',
}

/** Another manager of the same store, which waits for a shard. */
async function waiting(pipeline: PipelineClass, shards?: number) {
  const fatal = new Happened<unknown>()
  const standby = company.aManager(pipeline, otherSite, storage, {
    ...{ onFatal: fatal.note, ...(shards === undefined ? {} : { shards }) },
  })
  const started = standby.start().then(
    () => 'started',
    (error: unknown) => error,
  )
  return { standby, fatal, started }
}

describe('a manager that waits with another chain', () => {
  it('does not take over what was put where its chain has another phase', async () => {
    const first = await company.manager(full, numbersSite, storage)
    const { standby, started } = await waiting(withoutFirst)
    await until(() => standby.state === 'standby', { what: 'it stands by' })
    await enqueue()
    await first.stop()
    expect(await started).toMatchObject(refused)
    // Nothing was changed, and nobody has the shard.
    await under(full)
  })

  it('takes over when no job is in another place, and the chain is its own from then on', async () => {
    const first = await company.manager(withoutFirst, numbersSite, storage)
    const { standby, started } = await waiting(full)
    await until(() => standby.state === 'standby', { what: 'it stands by' })
    expect(await storage.jobTypesOf('numbers')).toEqual(['second'])
    await first.stop()
    expect(await started).toBe('started')
    expect(await storage.jobTypesOf('numbers')).toEqual(['first', 'second'])
  })

  it('does not share shards with managers of the old chain, and those go on', async () => {
    const first = company.aManager(full, numbersSite, storage, { shards: 4 })
    await first.start()
    const { started } = await waiting(withoutFirst)
    expect(await started).toMatchObject({
      code: 'CT_BAD_PIPELINE',
      message: expect.stringMatching(
        /is chain\(first, second\) for .+, and would be chain\(second\) here/,
      ) as string,
    })
    await until(() => first.status().shards.length === 4, { what: 'the first has all again' })
    await enqueue()
  })
})

describe('a chain that was changed', () => {
  it('is refused while a job would go on in a wrong phase, however often it is tried', async () => {
    await under(full, enqueue)
    for (let tries = 0; tries < 2; tries++) {
      await expect(under(withoutFirst)).rejects.toMatchObject(refused)
    }
    await under(full)
  })

  it('is refused while a dead job could be redriven into a wrong phase', async () => {
    await under(full, async () => {
      const { worker } = await company.worker(full, 0, numbersSite)
      await enqueue()
      const client = await company.client(numbersSite)
      await client.waitForJobs(['job'], 10_000, () => undefined)
      client.close()
      await worker.stop()
    })
    await expect(under(withoutFirst)).rejects.toMatchObject(refused)
  })

  it('is taken when phases are added at its end, and others where no job is', async () => {
    await under(full, enqueue)
    await under(longer)
    await under(full)
    await under(swapped)
  })

  it('is taken when all jobs are settled', async () => {
    await under(full, async () => {
      await enqueue()
      const client = await company.client(numbersSite)
      expect(await client.cancelJob('job')).toBe('cancelled')
      client.close()
    })
    await under(withoutFirst)
  })
})
