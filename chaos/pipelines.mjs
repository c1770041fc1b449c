// What the campaigns run. Each execution is written into an append-only ledger before anything else; then
// the job does what it was enqueued to do: end at once or later, fail, hang, or block its process.
import { existsSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Phase, Pipeline, Reject, RetryAfter, SqliteStorageBackend, chain } from 'carbontube'

const path = process.env.LEDGER
const ledger = path === undefined ? undefined : openSync(path, 'a')

function note(job, context) {
  if (ledger === undefined) return
  const { jobId, phase, attempt, fence } = context
  const entry = { jobId, phase, attempt, fence, n: job.n, pid: process.pid, atMs: Date.now() }
  writeSync(ledger, `${JSON.stringify(entry)}\n`)
}

/** Of the execution, not of the process: the same run is as long wherever it runs. */
function dieOf({ jobId, phase, attempt }) {
  let mixed = 2_166_136_261
  for (const letter of `${jobId}/${phase}/${attempt}`) {
    mixed = Math.imul(mixed ^ letter.charCodeAt(0), 16_777_619)
  }
  return (Math.imul(mixed ^ (mixed >>> 15), 2_246_822_507) >>> 0) / 2 ** 32
}

/** In ten thousand executions: 300 fail, 20 come back later, 5 are rejected, 8 hang, 4 block the loop, … */
async function misbehave(context) {
  const die = dieOf(context) * 10_000
  if (die < 300) throw new Error('fails now and then')
  if (die < 320) throw new RetryAfter(200)
  if (die < 325) throw new Reject('not this one')
  if (die < 333) return sleep(60_000, undefined, { signal: context.signal })
  if (die < 337) return block(die < 334 ? 6_000 : 1_500)
  if (die < 367) return sleep(3_000, undefined, { signal: context.signal })
  if (die < 900) return sleep(die / 10, undefined, { signal: context.signal })
  return undefined
}

function block(ms) {
  const endMs = performance.now() + ms
  while (performance.now() < endMs);
}

class Step extends Phase {
  concurrency = 8
  timeout = 5_000
  retry = { attempts: 5, delay: 50, maxDelay: 2_000 }

  async execute(job, context) {
    note(job, context)
    await misbehave(context)
    return { [this.jobType]: context.fence }
  }
}

class First extends Step {
  jobType = 'first'
}

class Second extends Step {
  jobType = 'second'
}

class Third extends Step {
  jobType = 'third'
}

/** Keeps every job, so that the audit at the end sees all of them. */
class EverKeeping extends SqliteStorageBackend {
  async prune() {
    return 0
  }
}

export class Chaos extends Pipeline {
  name = 'chaos'
  phases = chain(First, Second, Third)

  initialize() {
    this.backend = new EverKeeping(this.name)
  }
}

/** Runs until the file that the job names is there. */
class Held extends Phase {
  jobType = 'held'
  concurrency = 8

  async execute(job, context) {
    note(job, context)
    while (!existsSync(job.until)) await sleep(20, undefined, { signal: context.signal })
  }
}

export class Kills extends Pipeline {
  name = 'kills'
  phases = chain(Held)
}
