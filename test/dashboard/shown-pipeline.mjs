/** What the tests of the dashboard run: a phase that talks, fails, waits and dies on demand, and one after it. */
import { existsSync } from 'node:fs'
import { Phase, Pipeline, Reject, accepts } from 'carbontube'
import { z } from 'zod'

class Talk extends Phase {
  jobType = 'talk'
  retry = { attempts: 2, delay: 10 }

  async execute(job, context) {
    for (let line = 0; line < (job.lines ?? 1); line += 1)
      context.log.info(`line ${line}`, { line })
    if (job.does === 'reject') throw new Reject(job.why ?? 'not this one')
    if (job.does === 'throw') throw new Error(`disk ${job.n} is full`)
    context.progress(0.5, 'half')
    while (job.waitsFor !== undefined && !existsSync(job.waitsFor)) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      context.progress(0.5, 'half')
      context.signal.throwIfAborted()
    }
    return { talked: true }
  }
}

class Finish extends Phase {
  jobType = 'finish'

  execute() {
    return { finished: true }
  }
}

export class Shown extends Pipeline {
  name = 'shown'
  phases = accepts(z.looseObject({ n: z.number() })).chain(Talk, Finish)
}
