// `override` may be written on every option, and need not be, under noImplicitOverride.
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'
import { Pipeline } from '../../../src/pipeline/pipeline.ts'

class With extends Phase {
  override readonly jobType = 'with'
  override retry = { attempts: 2, jitter: false, crashes: 1 }
  override readonly timeout = '10m'
  override concurrency = 4
  override execute() {
    return { a: 1 }
  }
}

class Without extends Phase {
  readonly jobType = 'without'
  retry = { delay: 5, maxDelay: 10 } as const
  readonly timeout = '10m'
  concurrency = 4
  setup() {}
  teardown() {}
  execute(job: { a: number }): void {
    void job
  }
}

export class Both extends Pipeline {
  override readonly name = 'both'
  override readonly phases = chain(With, Without)
}
