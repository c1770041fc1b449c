// What a typed client reads off one class, a tuple or an object of classes.
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'
import {
  Pipeline,
  type PipelineInput,
  type PipelineName,
  type PipelineNamed,
  type PipelineOutput,
  type Pipelines,
  type PipelinesIn,
} from '../../../src/pipeline/pipeline.ts'
import type { Equal, True } from './equal.ts'

class Hash extends Phase {
  readonly jobType = 'hash'
  execute(job: { path: string }) {
    return { sha: job.path }
  }
}
class Add extends Phase {
  readonly jobType = 'add'
  execute(job: { a: number; b: number }) {
    return { sum: job.a + job.b }
  }
}
class Hashes extends Pipeline {
  readonly name = 'hashes'
  readonly phases = chain(Hash)
}
class Sums extends Pipeline {
  readonly name = 'sums'
  readonly phases = chain(Add)
}

interface Client<R extends Pipelines> {
  enqueueJob<const N extends PipelineName<PipelinesIn<R>>>(job: {
    name: N
    instructions: PipelineInput<PipelineNamed<R, N>>
  }): PipelineOutput<PipelineNamed<R, N>>
}

export function use(
  one: Client<typeof Hashes>,
  tuple: Client<[typeof Hashes, typeof Sums]>,
  record: Client<{ hashes: typeof Hashes; sums: typeof Sums }>,
) {
  const a = one.enqueueJob({ name: 'hashes', instructions: { path: 'x' } })
  const b = tuple.enqueueJob({ name: 'sums', instructions: { a: 1, b: 2 } })
  const c = record.enqueueJob({ name: 'hashes', instructions: { path: 'x' } })
  // @ts-expect-error -- no such pipeline
  one.enqueueJob({ name: 'sums', instructions: { a: 1, b: 2 } })
  // @ts-expect-error -- the instructions of another pipeline
  tuple.enqueueJob({ name: 'sums', instructions: { path: 'x' } })
  // @ts-expect-error -- a property is missing
  record.enqueueJob({ name: 'sums', instructions: { a: 1 } })
  return [a, b, c] as const
}

type Used = ReturnType<typeof use>
export type Checks = [
  True<Equal<Used[0], { path: string; sha: string }>>,
  True<Equal<Used[1], { a: number; b: number; sum: number }>>,
  True<Equal<Used[2], { path: string; sha: string }>>,
]
