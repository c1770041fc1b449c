// expect: "encode-video" returns what cannot be merged into the job: return an object, or nothing
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  execute(job: { videoPath: string }) {
    return job.videoPath
  }
}
class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { videoUri: string }) {
    return { segments: [job.videoUri] }
  }
}
export const phases = chain(EncodeVideo, Split)
