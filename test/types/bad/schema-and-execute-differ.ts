// expect: "resize" has an execute that wants another job than its input schema gives
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

import { z } from 'zod'
class Resize extends Phase.of({ jobType: 'resize', input: z.object({ path: z.string() }) }) {
  execute(job: { path: string; width: number }) {
    return { pixels: job.width }
  }
}
export const phases = chain(Resize)
