/**
 * What the end-to-end tests run: two phases that write each execution into an append-only ledger, take
 * as long as the job or the worker's environment says, block their loop and misbehave on demand.
 */
import { appendFileSync, existsSync } from 'node:fs'
import { Phase, Pipeline, Reject, chain } from 'carbontube'

const ledger = process.env.LEDGER
const slowMs = Number(process.env.SLOW_MS ?? 0)
const timeout = Number(process.env.WORK_TIMEOUT_MS ?? 1_800_000)
const crashes = Number(process.env.WORK_CRASHES ?? 3)

function note(context, job) {
  if (ledger === undefined) return
  const { jobId, phase, attempt, fence, idempotencyKey: key } = context
  const entry = { jobId, phase, attempt, fence, key, n: job.n, pid: process.pid, atMs: Date.now() }
  appendFileSync(ledger, `${JSON.stringify(entry)}\n`)
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

class Work extends Phase {
  jobType = 'work'
  retry = { attempts: 2, delay: 10, crashes }
  timeout = timeout

  async execute(job, context) {
    note(context, job)
    if (job.says !== undefined) context.log[job.level ?? 'info'](job.says, { n: job.n })
    for (const endMs = Date.now() + (job.spinMs ?? 0); Date.now() < endMs;);
    const ms = (job.ms ?? 0) + slowMs
    if (ms > 0) await pause(ms, context.signal)
    // One that lingers does not hear of its abort.
    const signal = job.does === 'lingers' ? new AbortController().signal : context.signal
    while (job.waitsFor !== undefined && !existsSync(job.waitsFor)) await pause(10, signal)
    if (job.does === 'die') process.kill(process.pid, 'SIGKILL')
    if (job.exits !== undefined) process.exit(job.exits)
    if (job.does === 'list') return [1, 2]
    if (job.does === 'function') return { f: () => 1 }
    if (job.does === 'huge') return { huge: 'x'.repeat(9 * 1024 * 1024) }
    if (job.needs !== undefined && !existsSync(job.needs)) throw new Error(`no ${job.needs} yet`)
    if (job.does === 'reject') throw new Reject('not this one')
    if (job.does === 'throw') throw new Error('always')
    if (job.does === 'throwText') throw 'no error object'
    return { worked: true }
  }
}

class Finish extends Phase {
  jobType = 'finish'

  execute(job, context) {
    note(context, job)
    return { finished: true }
  }
}

export class Ledger extends Pipeline {
  name = 'ledger'
  phases = chain(Work, Finish)
}
