// expect: a chain has at least one phase
import { chain } from '../../../src/pipeline/chain.ts'
import { Pipeline } from '../../../src/pipeline/pipeline.ts'

export class Nothing extends Pipeline {
  readonly name = 'nothing'
  readonly phases = chain()
}
