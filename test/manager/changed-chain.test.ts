/** A manager that starts on the jobs of another chain: in which phase they would go on. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { chain } from '../../src/pipeline/chain.ts'
import { Reject } from '../../src/pipeline/outcome.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline, type PipelineClass } from '../../src/pipeline/pipeline.ts'
import { ACompany, numbersSite } from './a-company.ts'
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
