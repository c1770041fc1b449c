// expect: "split-video" does not take the job as it is here
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class Pick extends Phase {
  readonly jobType = 'pick'
  execute(job: { flag: boolean }): { kind: 'a'; size: number } | { kind: 'b'; size: string } {
    return job.flag ? { kind: 'a', size: 1 } : { kind: 'b', size: '1' }
  }
}
class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { kind: 'a'; size: string } | { kind: 'b'; size: number }) {
    void job
  }
}
export const phases = chain(Pick, Split)
