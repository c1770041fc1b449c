/**
 * The hot path of the core, without anything around it: jobs are submitted, committed, granted and reported
 * through three phases, as many as the argument says. What `counts` counts the instructions of. With `cold` behind
 * that, windows are so small that most jobs leave memory, and come back from rows as SQLite has them.
 */
import { defaultLimits } from '../dist/core/limits.js'
import { seededRng } from '../dist/core/rng.js'
import { ShardOwner } from '../dist/core/shard-owner.js'
import { readyRecordOf } from '../dist/storage/sqlite/rows.js'

const [, , count, how] = process.argv
const isCold = how === 'cold'
const nonce = 'feedfacefeedface'
const groupSize = isCold ? 4_000 : 500
const limits = isCold ? { ...defaultLimits, readyJobsMax: 400 } : defaultLimits
const reportSize = 100
const jobTypes = ['first', 'second', 'third']
const instructions = new Uint8Array(200)
const retry = {
  ...{ attempts: 5, crashes: 3, backoff: 'exponential', delayMs: 1_000, factor: 2 },
  ...{ delayMsMax: 300_000, jitter: true },
}

class Course {
  done = 0
  #nowMs = 1_700_000_000_000
  #owner = new ShardOwner({
    spec: {
      name: 'counted',
      phases: jobTypes.map((jobType) => ({ jobType, retry, timeoutMs: 60_000 })),
    },
    ...{ shard: 0, epoch: 1, nonce, limits, rng: seededRng(1) },
  })
  /** Rows of the jobs that are in the first phase, when some may leave memory. */
  #rows = new Map()
  #workers = jobTypes.map((jobType) => ({
    jobType,
    granted: [],
    through: 0,
    reports: 0,
    entries: 0,
  }))

  constructor() {
    this.#tell({
      ...{ type: 'OwnershipTaken', lastSequence: 0, phases: [], nextDueMs: undefined },
      ...{ settled: { done: 0, dead: 0, cancelled: 0 }, paused: [], noted: [] },
    })
    for (const worker of this.#workers) this.#join(worker)
  }

  run(jobs) {
    for (let from = 0; from < jobs; from += groupSize) {
      this.#submit(from, Math.min(groupSize, jobs - from))
      this.#commit()
      while (this.#workers.some(({ granted }) => granted.length > 0)) {
        for (const worker of this.#workers) this.#finish(worker)
        this.#commit()
      }
    }
    this.done = this.#owner.status().settled.done
  }

  #join(worker) {
    const { jobType } = worker
    const incarnation = jobType
    worker.info = {
      ...{ id: jobType, incarnation, address: `tcp://${jobType}:1`, jobType },
      ...{ concurrency: 50, host: 'here', pid: 1, version: '0' },
    }
    this.#tell({ type: 'WorkerAnnounced', info: worker.info })
    this.#tell({ type: 'WorkerConnected', incarnation })
    this.#report(worker, { info: worker.info, held: [], ping: 1 })
  }

  #submit(from, count) {
    const jobs = Array.from({ length: count }, (_, n) => ({
      id: `job-${from + n}`,
      priority: 0,
      instructions,
      checksum: 1,
      sentMs: 0,
    }))
    this.#tell({ type: 'JobsSubmitted', request: `request-${from}`, jobs })
  }

  #finish(worker) {
    const ended = worker.granted.splice(0, reportSize)
    if (ended.length === 0) return
    const results = ended.map(({ token, jobId, phase, attempt }) => ({
      entry: ++worker.entries,
      token,
      jobId,
      phase,
      attempt,
      startedMs: this.#nowMs,
      endedMs: this.#nowMs,
      outcome: { type: 'done', instructions },
    }))
    this.#report(worker, { results })
  }

  #report(worker, more) {
    const { jobType: incarnation, through } = worker
    worker.reports += 1
    const report = {
      ...{ incarnation, stream: nonce, number: worker.reports, credit: 1_000, ping: 0 },
      ...{ through, also: [], leaving: false, results: [], ...more },
    }
    this.#tell({ type: 'WorkerReported', report })
  }

  #commit() {
    for (let group = this.#owner.nextGroup(); group; group = this.#owner.nextGroup()) {
      const inserts = group.mutations
        .filter(({ type }) => type === 'insert')
        .map(({ job }) => ({ id: job.id, outcome: 'stored' }))
      if (isCold) this.#store(group.mutations)
      this.#take(this.#owner.committed(group, { inserts }, this.#nowMs))
    }
  }

  #tell(event) {
    this.#nowMs += 1
    this.#take(this.#owner.handle({ nowMs: this.#nowMs, ...event }))
  }

  #take(effects) {
    for (const effect of effects) {
      if (effect.type === 'LoadReady') this.#load(effect)
      if (effect.type !== 'Grant') continue
      const worker = this.#workers.find(({ jobType }) => jobType === effect.incarnation)
      worker.granted.push(effect)
      worker.through = effect.order
    }
  }

  #store(mutations) {
    for (const { type, job } of mutations) {
      if (type === 'advance') this.#rows.delete(job.id)
      if (type !== 'insert') continue
      const { id, sequence, enqueuedMs, dueMs, checksum } = job
      this.#rows.set(id, [sequence, 0, enqueuedMs, dueMs, checksum, id, instructions, null, 1])
    }
  }

  #load({ load, phase, after, limit }) {
    const rows = phase === 0 ? [...this.#rows.values()] : []
    const behind = rows.filter(([sequence]) => sequence > (after?.sequence ?? 0))
    const jobs = behind.slice(0, limit).map((row) => readyRecordOf(row, { shard: 0, phase }))
    this.#tell({ type: 'ReadyLoaded', load, phase, jobs, exhausted: behind.length <= limit })
  }
}

const jobs = Number(count)
const course = new Course()
course.run(jobs)
if (course.done !== jobs) throw new Error(`${course.done} of ${jobs} jobs are done`)
