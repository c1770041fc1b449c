/** A manager, workers and a client, as they are, on a network inside this process. */
import { expect } from 'vitest'
import { PipelineClient } from '../../src/client/pipeline-client.ts'
import type { ManagerOptions } from '../../src/manager/manager-options.ts'
import { Manager } from '../../src/manager/manager.ts'
import { chain } from '../../src/pipeline/chain.ts'
import { compilePipeline } from '../../src/pipeline/compile.ts'
import type { Context } from '../../src/pipeline/context.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline, type PipelineClass } from '../../src/pipeline/pipeline.ts'
import { createLogger, type Logger } from '../../src/runtime/logger.ts'
import type { Storage } from '../../src/storage/contract.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { createLoopback } from '../../src/transport/loopback.ts'
import { Worker } from '../../src/worker/worker.ts'
import { ABox } from '../transport/a-box.ts'
import type { Happened } from '../transport/happened.ts'

/** A run of `Note` that waits until the test lets it go on. */
export interface Run {
  /** The phase's instance, which is one for each worker. */
  readonly by: object
  readonly n: number
  goOn(): void
}

/** Phases are made without arguments: this is how a test reaches them. */
export const held: { runs: Happened<Run> | undefined } = { runs: undefined }

class Double extends Phase {
  readonly jobType = 'double'
  execute({ n }: { n: number }) {
    return { doubled: 2 * n }
  }
}

class Note extends Phase {
  readonly jobType = 'note'
  async execute({ n, doubled }: { n: number; doubled: number }, { signal }: Context) {
    const { runs } = held
    if (runs !== undefined) {
      await new Promise<void>((goOn) => {
        signal.addEventListener('abort', () => goOn())
        runs.note({ by: this, n, goOn })
      })
    }
    return { note: `${n} → ${doubled}` }
  }
}

export class Numbers extends Pipeline {
  readonly name = 'numbers'
  readonly phases = chain(Double, Note)
}

class Letter extends Phase {
  readonly jobType = 'letter'
  execute() {}
}

/** Of another pipeline, with a manager of its own. */
export class Letters extends Pipeline {
  readonly name = 'letters'
  readonly phases = chain(Letter)
}

const silent = createLogger({ write: () => undefined })
const version = '0.1.0'

export interface Site {
  readonly pull: string
  readonly sub: string
}

export const numbersSite: Site = { pull: 'tcp://127.0.0.1:5050', sub: 'tcp://127.0.0.1:6000' }
export const lettersSite: Site = { pull: 'tcp://127.0.0.1:7050', sub: 'tcp://127.0.0.1:8000' }

export class ACompany {
  readonly network = createLoopback()
  readonly #leave: (() => Promise<void> | void)[] = []

  async manager(
    pipeline: PipelineClass,
    site: Site,
    storage: Storage = new EphemeralStorageBackend(compilePipeline(pipeline).spec.name),
  ): Promise<Manager> {
    const manager = this.aManager(pipeline, site, storage)
    await manager.start()
    return manager
  }

  /** One that has not been started. */
  aManager(
    pipeline: PipelineClass,
    { pull, sub }: Site,
    storage: Storage,
    more: Partial<
      Pick<ManagerOptions, 'shards' | 'limits' | 'checkInput' | 'logger' | 'onFatal'>
    > = {},
  ): Manager {
    const { spec } = compilePipeline(pipeline)
    const manager = new Manager({
      ...{ spec, storage, transport: this.network, logger: silent, version },
      doors: { pull: [pull], sub: [sub] },
      managerId: `manager of ${pull}`,
      onFatal: (error) => expect.unreachable(String(error)),
      ...more,
    })
    this.#leave.push(() => manager.stop())
    return manager
  }

  /** For a phase by its index, on a box of its own; for the managers of other sites too. */
  async worker(
    pipeline: PipelineClass,
    index: number,
    {
      pull,
      sub,
      others = [],
      ...options
    }: Site & {
      pullBind?: string
      others?: readonly Site[]
      concurrency?: number
      logger?: Logger
    },
  ): Promise<{ worker: Worker; box: ABox; address: string }> {
    const phase = compilePipeline(pipeline).phases[index]
    if (phase === undefined) throw new Error(`no phase ${index}`)
    const box = new ABox(this.network)
    const worker = new Worker({
      ...{ phase, transport: box.transport, logger: silent, version, concurrency: 4, ...options },
      pushConnect: [pull, ...others.map((other) => other.pull)],
      pubConnect: [sub, ...others.map((other) => other.sub)],
      drainMs: 0,
    })
    await worker.start()
    // A dead one waits for answers that nobody can give: that may last longer than the test.
    this.#leave.push(() => (box.hasPower ? worker.stop() : void worker.stop()))
    return { worker, box, address: worker.info.address }
  }

  async client({ pull }: Site): Promise<PipelineClient<typeof Numbers>> {
    const client = new PipelineClient<typeof Numbers>(pull, { transport: this.network })
    await client.connect()
    this.#leave.push(() => client.close())
    return client
  }

  /** Clients first, the manager last. */
  async close(): Promise<void> {
    for (const leave of this.#leave.reverse()) await leave()
  }
}
