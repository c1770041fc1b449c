// expect: "when" wants another type for "at"
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

class When extends Phase {
  readonly jobType = 'when'
  execute(job: { at: Date }) {
    return { year: job.at.getFullYear() }
  }
}
export const phases = chain(When)
