/** Many large jobs at once over real sockets: no message of them may be larger than a door takes. */
import { afterEach, expect, it } from 'vitest'
import { PipelineClient } from '../../src/client/pipeline-client.ts'
import { Manager } from '../../src/manager/manager.ts'
import { chain } from '../../src/pipeline/chain.ts'
import { compilePipeline } from '../../src/pipeline/compile.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { zeromqTransport as transport } from '../../src/transport/zeromq-transport.ts'
import { Worker } from '../../src/worker/worker.ts'

const many = 72
const text = 'x'.repeat(1024 * 1024)

let goOn: () => void = () => undefined
let gate: Promise<void>

/** All end in one turn of the loop. */
class Copy extends Phase {
  readonly jobType = 'copy'
  static readonly concurrency = many
  async execute({ text: copied }: { text: string }) {
    await gate
    return { length: copied.length }
  }
}

class Copies extends Pipeline {
  readonly name = 'copies'
  readonly phases = chain(Copy)
}

const leave: (() => unknown)[] = []
afterEach(async () => {
  for (const end of leave.toReversed()) await end()
})

it('72 jobs of 1 MiB are enqueued in one call, end in one turn, and are waited for by one client', async () => {
  gate = new Promise((resolve) => (goOn = resolve))
  const { spec, phases } = compilePipeline(Copies)
  const [phase] = phases
  if (phase === undefined) throw new Error('a phase')
  const shared = { transport, logger: createLogger({ write: () => undefined }), version: '0.1.0' }
  const door = ['tcp://127.0.0.1:*']
  const manager = new Manager({
    ...{ ...shared, spec, storage: new EphemeralStorageBackend('copies') },
    ...{ doors: { pull: door, sub: door, router: 'tcp://127.0.0.1:*' } },
    onFatal: (error) => expect.unreachable(String(error)),
  })
  await manager.start()
  leave.push(() => manager.stop())
  const { pull, sub, router } = manager.addresses
  const links = { pushConnect: pull, pubConnect: sub, concurrency: many, drainMs: 0 }
  const worker = new Worker({ ...shared, ...links, phase })
  await worker.start()
  leave.push(() => worker.stop())
  const client = new PipelineClient<typeof Copies>(router, { timeout: 30_000 })
  await client.connect()
  leave.push(() => client.close())

  const jobs = Array.from({ length: many }, () => {
    return { name: 'copies', instructions: { text } } as const
  })
  const answers = await client.enqueueJobs(jobs)
  expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['stored']))
  const settled: string[] = []
  const ids = answers.map(({ job }) => job.id)
  const waited = client.waitForJobs(ids, 30_000, (items) => {
    settled.push(...items.map(({ state }) => state))
  })
  goOn()
  await waited
  expect(settled).toEqual(ids.map(() => 'done'))
  // Those that have settled before somebody waits, and those in a list, are many at once too.
  let bytes = 0
  await client.waitForJobs(ids, 30_000, (items) => {
    for (const { instructions } of items) bytes += instructions?.length ?? 0
  })
  expect(bytes).toBeGreaterThan(many * text.length)
  const listed = new Set<string>()
  let after = ''
  do {
    const page = await client.listJobs({}, { after, withInstructions: true })
    for (const { id } of page.jobs) listed.add(id)
    after = page.next
  } while (after !== '')
  expect(listed).toEqual(new Set(ids))
  const tooLarge = { text: text.repeat(17) }
  await expect(client.enqueueJob({ name: 'copies', instructions: tooLarge })).rejects.toMatchObject(
    { code: 'CT_TOO_LARGE' },
  )
}, 60_000)
