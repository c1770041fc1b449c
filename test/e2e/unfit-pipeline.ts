/** A chain that does not fit: what `carbontube check` is for. Our own type check leaves it out. */
import { Phase, Pipeline, chain } from 'carbontube'

class First extends Phase {
  readonly jobType = 'first'

  execute() {
    return { other: 1 }
  }
}

class Second extends Phase {
  readonly jobType = 'second'

  execute(job: { uri: string }) {
    return { length: job.uri.length }
  }
}

export class Unfit extends Pipeline {
  readonly name = 'unfit'
  readonly phases = chain(First, Second)
}
