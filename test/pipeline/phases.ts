// Phases and pipelines for the tests of this folder, and `phaseWith`, which makes one with any fields:
// also wrong ones, as plain JavaScript would.
import { chain } from '../../src/pipeline/chain.ts'
import { Phase, type PhaseClass } from '../../src/pipeline/phase.ts'
import { Pipeline, type PipelineClass } from '../../src/pipeline/pipeline.ts'

export class Hash extends Phase {
  readonly jobType = 'hash'
  execute(job: { path: string }) {
    return { sha: job.path }
  }
}

export class Remove extends Phase {
  readonly jobType = 'remove'
  execute(job: { sha: string }) {
    void job
  }
}

export class Hashes extends Pipeline {
  readonly name = 'hashes'
  readonly phases = chain(Hash, Remove)
}

export function phaseWith(fields: object, methods: object = {}): PhaseClass {
  class Made extends Phase {
    readonly jobType = 'made'
    constructor() {
      super()
      Object.assign(this, fields)
    }
    execute() {}
  }
  Object.assign(Made.prototype, methods)
  return Made
}

export function pipelineWith(fields: object, methods: object = {}): PipelineClass {
  class Made extends Pipeline {
    readonly name = 'made'
    readonly phases = chain(Hash)
    constructor() {
      super()
      Object.assign(this, fields)
    }
  }
  Object.assign(Made.prototype, methods)
  return Made
}
