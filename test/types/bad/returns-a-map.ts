// expect: "encode-video" returns "byName", which is not serializable
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  execute(job: { videoPath: string }) {
    return { videoUri: job.videoPath, byName: new Map<string, number>() }
  }
}
class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { videoUri: string }) {
    return { segments: [job.videoUri] }
  }
}
export const phases = chain(EncodeVideo, Split)
