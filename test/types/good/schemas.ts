// Schemas: on a phase (its output goes to execute only) and at the door (it only looks).
import { z } from 'zod'
import { accepts, chain } from '../../../src/pipeline/chain.ts'
import type { Context } from '../../../src/pipeline/context.ts'
import { Phase } from '../../../src/pipeline/phase.ts'
import {
  Pipeline,
  type PipelineInput,
  type PipelineOutput,
} from '../../../src/pipeline/pipeline.ts'
import type { Equal, True } from './equal.ts'

class Resize extends Phase.of({
  jobType: 'resize',
  input: z.object({ path: z.string(), width: z.string().transform(Number) }),
  retry: { backoff: 'fixed', delay: '5s', attempts: 2 },
  timeout: '10m',
}) {
  async execute(job: this['job'], context: Context) {
    context.progress(0.5, job.path)
    return { pixels: job.width * 2 }
  }
}

class Store extends Phase.of({ jobType: 'store', concurrency: 8 }) {
  execute(job: { pixels: number; width: string }) {
    return job.pixels > 0 ? { stored: job.width } : undefined
  }
}

class Images extends Pipeline {
  readonly name = 'images'
  readonly phases = chain(Resize, Store)
}

class Counted extends Phase {
  readonly jobType = 'counted'
  execute(job: { count: string; when: string }) {
    return { total: Number(job.count) }
  }
}

class AtTheDoor extends Pipeline {
  readonly name = 'door'
  readonly phases = accepts(
    z.object({ count: z.coerce.number<string>(), when: z.string().transform((t) => new Date(t)) }),
  ).chain(Counted)
}

type Job = { path: string; width: string; pixels: number }
type StoredOrNot = Job | { path: string; width: string; pixels: number; stored: string }
export type Checks = [
  True<Equal<PipelineInput<typeof Images>, { path: string; width: string }>>,
  True<Equal<PipelineOutput<typeof Images>, StoredOrNot>>,
  True<Equal<PipelineInput<typeof AtTheDoor>, { count: string; when: string }>>,
  True<Equal<PipelineOutput<typeof AtTheDoor>, { count: string; when: string; total: number }>>,
]
