/** The ledger pipeline without its last phase: what a manager must refuse while jobs wait for that one. */
import { Phase, Pipeline, chain } from 'carbontube'

class Work extends Phase {
  jobType = 'work'

  execute() {
    return { worked: true }
  }
}

export class Ledger extends Pipeline {
  name = 'ledger'
  phases = chain(Work)
}
