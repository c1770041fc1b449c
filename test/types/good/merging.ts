// How the job grows: optional members, `any`, records, nothing returned, recursive and long chains.
import { chain } from '../../../src/pipeline/chain.ts'
import type { Merge } from '../../../src/pipeline/chain-types.ts'
import { Phase } from '../../../src/pipeline/phase.ts'
import {
  Pipeline,
  type PipelineInput,
  type PipelineOutput,
} from '../../../src/pipeline/pipeline.ts'
import type { LostPath, Travels } from '../../../src/pipeline/travel.ts'
import type { Equal, True } from './equal.ts'

interface Tree {
  name: string
  children: Tree[]
}

class Grow extends Phase {
  readonly jobType = 'grow'
  async execute(): Promise<{ tree: Tree; note?: string; maybe: string | undefined }> {
    return { tree: { name: 'root', children: [] }, maybe: undefined }
  }
}
class Quiet extends Phase {
  readonly jobType = 'quiet'
  execute(job: { tree: Tree; note?: string; maybe?: string }) {
    if (job.note === undefined) return
    throw new Error(job.maybe)
  }
}
class Loose extends Phase {
  readonly jobType = 'loose'
  // oxlint-disable-next-line typescript/no-explicit-any -- the point of this phase
  execute(job: any): any {
    return job
  }
}
class After extends Phase {
  readonly jobType = 'after'
  execute(job: { whatever: number }) {
    return { done: job.whatever }
  }
}
class Bag extends Phase {
  readonly jobType = 'bag'
  execute(job: { tree: Tree }): Record<string, unknown> {
    return { size: job.tree.children.length }
  }
}

class MayBe extends Phase {
  readonly jobType = 'may-be'
  execute(job: { water?: number }): { shade: number } | undefined {
    return job.water === undefined ? undefined : { shade: job.water }
  }
}
class MayUse extends Phase {
  readonly jobType = 'may-use'
  execute(job: { shade?: number }) {
    return { used: job.shade ?? 0 }
  }
}

/** What may be missing need not be there at all. */
class Optional extends Pipeline {
  readonly name = 'optional'
  readonly phases = chain(Grow, MayBe, MayUse)
}

class Garden extends Pipeline {
  readonly name = 'garden'
  readonly phases = chain(Grow, Quiet, Bag, Quiet)
}
class Free extends Pipeline {
  readonly name = 'free'
  readonly phases = chain(Grow, Loose, After)
}

const long = chain(
  ...([Grow, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet] as const),
  ...([Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet] as const),
  ...([Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet] as const),
  ...([Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet, Quiet] as const),
)

export type Checks = [
  True<Equal<PipelineInput<typeof Garden>, object>>,
  True<PipelineOutput<typeof Garden> extends { tree: Tree; note?: string } ? true : false>,
  True<Equal<PipelineInput<typeof Free>, object>>,
  True<PipelineOutput<typeof Optional> extends { tree: Tree; used: number } ? true : false>,
  True<(typeof long)['classes']['length'] extends 40 ? true : false>,

  True<Equal<Merge<{ a: 1 }, { b: 2 }>, { a: 1; b: 2 }>>,
  True<Equal<Merge<{ a: 1 }, { a: 2 }>, { a: 2 }>>,
  True<Equal<Merge<{ a: 1 }, { a?: 2 }>, { a: 1 | 2 }>>,
  True<Equal<Merge<{ a?: 1 }, { a?: 2 }>, { a?: 1 | 2 }>>,
  True<Equal<Merge<{ a?: 1 }, { a: 2 }>, { a: 2 }>>,
  True<Equal<Merge<{ a: 1 }, { b: 2 | undefined }>, { a: 1; b?: 2 }>>,
  True<Equal<Merge<{ a: 1 }, void>, { a: 1 }>>,
  True<Equal<Merge<{ a: 1 }, never>, { a: 1 }>>,
  True<Equal<Merge<{ a: 1 }, { b: 2 } | undefined>, { a: 1 } | { a: 1; b: 2 }>>,
  True<Equal<Merge<{ a: 1 }, { b: unknown }>, { a: 1; b: unknown }>>,

  True<Equal<Travels<{ at: Date; bytes: Buffer; list: [1, Date] }>, Arrived>>,
  True<Equal<LostPath<{ a: { b: () => void }; c: Map<1, 2>[]; d: bigint }>, 'a.b' | 'c[]' | 'd'>>,
  True<Equal<LostPath<{ a?: () => void; b: Tree; c: Uint8Array; d: Date; e: null }>, 'a'>>,
]
type Arrived = { at: string; bytes: Uint8Array; list: [1, string] }
