// expect: Type 'string' is not assignable to type 'number'
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

export class Encode extends Phase {
  readonly jobType = 'encode'
  retry = { attempts: '5' }
  execute(job: { path: string }) {
    void job
  }
}
void chain
