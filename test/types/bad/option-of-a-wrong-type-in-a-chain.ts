// expect: Type '"5 minutes"' is not assignable to type 'Duration | undefined'
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  readonly timeout = '5 minutes'
  execute(job: { path: string }) {
    return { uri: job.path }
  }
}
export const phases = chain(EncodeVideo)
