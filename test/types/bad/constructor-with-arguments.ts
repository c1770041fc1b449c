// expect: no phase class: one extends Phase, is not abstract, and its constructor needs no arguments
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  codec: string
  constructor(codec: string) {
    super()
    this.codec = codec
  }
  execute(job: { path: string }) {
    return { uri: `${job.path}.${this.codec}` }
  }
}
export const phases = chain(EncodeVideo)
