// expect: "resize" needs "width", which nothing before it returns
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

import { z } from 'zod'
class Open extends Phase {
  readonly jobType = 'open'
  execute(job: { path: string }) {
    return { file: job.path }
  }
}
class Resize extends Phase.of({
  jobType: 'resize',
  input: z.object({ file: z.string(), width: z.number() }),
}) {
  execute(job: this['job']) {
    return { pixels: job.width }
  }
}
export const phases = chain(Open, Resize)
