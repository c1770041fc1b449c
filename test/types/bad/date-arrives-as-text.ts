// expect: "split-video" wants another type for "at"
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  execute(job: { videoPath: string }) {
    return { at: new Date(job.videoPath) }
  }
}
class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { at: Date }) {
    return { year: job.at.getFullYear() }
  }
}
export const phases = chain(EncodeVideo, Split)
