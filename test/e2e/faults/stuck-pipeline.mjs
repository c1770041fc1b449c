/** A phase that ignores its abort: it holds its slot until its process ends. */
import { Phase, Pipeline, chain } from 'carbontube'

class Deaf extends Phase {
  jobType = 'deaf'
  timeout = 200
  retry = { attempts: 1 }

  execute(job) {
    return job.deaf ? new Promise(() => undefined) : { heard: true }
  }
}

export class Stuck extends Pipeline {
  name = 'stuck'
  phases = chain(Deaf)
}
