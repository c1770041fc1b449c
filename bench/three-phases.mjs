/** The pipeline that benchmarks run: three phases, each adds one key to a payload of about 200 bytes. */
import { Phase, Pipeline, chain } from 'carbontube'

class First extends Phase {
  jobType = 'first'
  execute() {
    return { first: 1 }
  }
}

class Second extends Phase {
  jobType = 'second'
  execute() {
    return { second: 2 }
  }
}

class Third extends Phase {
  jobType = 'third'
  execute() {
    return { third: 3 }
  }
}

export class ThreePhases extends Pipeline {
  name = 'three-phases'
  phases = chain(First, Second, Third)
}
