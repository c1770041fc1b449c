// expect: "hash" needs "path", which nothing before it returns
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

import { z } from 'zod'
import { accepts } from '../../../src/pipeline/chain.ts'
class Hash extends Phase {
  readonly jobType = 'hash'
  execute(job: { path: string }) {
    return { sha: job.path }
  }
}
void chain
export const phases = accepts(z.object({ file: z.string() })).chain(Hash)
