// expect: "split-video" needs "videoUri", which nothing before it returns
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  execute(job: { videoPath: string }) {
    return { videoUrl: job.videoPath }
  }
}
class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { videoUri: string }) {
    return { segments: [job.videoUri] }
  }
}
export const phases = chain(EncodeVideo, Split)
