// expect: "encode-video" is an instance: give chain the class, without "new" and "()"
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  execute(job: { path: string }) {
    return { uri: job.path }
  }
}
export const phases = chain(new EncodeVideo())
