// expect: 'timeuot' does not exist in type
import { chain } from '../../../src/pipeline/chain.ts'
import { Phase } from '../../../src/pipeline/phase.ts'

export class Encode extends Phase.of({ jobType: 'encode', timeuot: '10m' }) {
  execute(job: { path: string }) {
    void job
  }
}
void chain
