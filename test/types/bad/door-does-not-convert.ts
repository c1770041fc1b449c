// expect: "hash" wants another type for "size"
import { z } from 'zod'
import { accepts } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class Hash extends Phase {
  readonly jobType = 'hash'
  execute(job: { size: number }) {
    return { size: job.size + 1 }
  }
}
export const phases = accepts(z.object({ size: z.string().transform(Number) })).chain(Hash)
