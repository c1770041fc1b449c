// expect: a phase needs "b", which nothing before it returns
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class Plain extends Phase {
  jobType = 'plain'
  execute(job: { a: string }) {
    void job
  }
}
class Next extends Phase {
  jobType = 'next'
  execute(job: { b: string }) {
    void job
  }
}
export const phases = chain(Plain, Next)
