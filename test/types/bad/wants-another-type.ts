// expect: "split-video" wants another type for "videoUri"
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  execute(job: { videoPath: string }) {
    return { videoUri: job.videoPath.length }
  }
}
class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { videoUri: string }) {
    return { segments: [job.videoUri] }
  }
}
export const phases = chain(EncodeVideo, Split)
