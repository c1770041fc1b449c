/**
 * The state that the concerns of the dispatcher share: everything the owner of one shard has in memory,
 * and the step (mutations and effects) that is being made. It has no policy; small verbs keep its
 * tables consistent with each other.
 */
import type { Effect, Published } from './effect.ts'
import { broken } from './invariant.ts'
import {
  jobOf,
  type AttemptRecord,
  type Grant,
  type Job,
  type JobId,
  type JobRecord,
  type TokenKey,
} from './job.ts'
import { nextState, type JobSignal } from './job-transitions.ts'
import type { Limits } from './limits.ts'
import type { Expected, Mutation } from './mutation.ts'
import { PhaseCounter } from './phase-figures.ts'
import { ReadyQueue } from './ready-queue.ts'
import type { Rng } from './rng.ts'
import { ScheduledJobs } from './scheduled-jobs.ts'
import type { PhaseSpec, PipelineSpec } from './spec.ts'
import { Timers } from './timers.ts'
import { parseFence, tokenText, type Fence, type Token } from './token.ts'
import { TransientMap } from './transient-map.ts'
import { hasTaken, Workers, type Worker } from './workers.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What one event leads to. */
export interface Step {
  readonly mutations: readonly Mutation[]
  readonly effects: readonly Effect[]
}

export interface OwnerConfig {
  readonly spec: PipelineSpec
  readonly shard: number
  readonly epoch: number
  /** 64 random bits in hex, new for every ownership. */
  readonly nonce: string
  readonly limits: Limits
  readonly rng: Rng
  /** Workers have other owners too, and want to know at once where work waits. Default: no. */
  readonly sharesWorkers?: boolean
}

/** What has happened in a shard since its owner took over. */
export interface Counters {
  /** New jobs. */
  stored: number
  /** Jobs that came through. */
  done: number
  /** Jobs that were given up. */
  dead: number
  /** Jobs that were cancelled. */
  cancelled: number
  /** Attempts that failed and are tried again. */
  retried: number
  /** Grants that were given up, so that another worker gets the job. */
  released: number
  /** Results that were refused: the job had been granted anew. */
  stale: number
  /** Results that came again. */
  duplicate: number
  /** Results of jobs that had settled otherwise, or are no longer kept. */
  gone: number
  /** Runs of the owner before that go on under this one. */
  adopted: number
  /** Orders to workers that were sent again. */
  resent: number
  /** Dead jobs that were brought back. */
  redriven: number
  /** Dead jobs that were given up for good. */
  discarded: number
}

/** Stands for the whole pipeline among the paused phases. */
export const wholePipeline = -1

const noInstructions = new Uint8Array(0)

export class Shard {
  readonly config: OwnerConfig
  readonly jobs = new TransientMap<JobId, Job>()
  readonly workers: Workers
  readonly timers = new Timers()
  readonly counters: Counters = {
    ...{ stored: 0, done: 0, dead: 0, cancelled: 0, retried: 0, released: 0 },
    ...{ stale: 0, duplicate: 0, gone: 0, adopted: 0, resent: 0, redriven: 0, discarded: 0 },
  }
  /** By index. */
  readonly phaseCounters: readonly PhaseCounter[]
  /** Settled jobs that the store held at takeover. */
  settledBefore = { done: 0, dead: 0, cancelled: 0 }
  /** The sequence of the last token; grows with every grant. */
  lastToken = 0
  nextSequence = 1
  scheduledCount = 0
  paused = new Set<number>()
  rollCallOpen = true
  /** Phases whose workers were told that jobs wait here. */
  readonly toldOfWaiting = new Set<number>()
  /** Jobs that have left memory, or the store, while the roll call was open. */
  readonly leftInRollCall = new Set<JobId>()
  draining = false
  observed = false
  nowMs = 0
  scheduled: ScheduledJobs
  #ready: readonly ReadyQueue[]
  #mutations: Mutation[] = []
  #effects: Effect[] = []
  #loadsBegun = 0
  readonly #loadsUnderWay = new Set<number>()
  /** Jobs that left memory while a load was under way, with the number of loads begun before they left. */
  readonly #leftDuringLoad = new TransientMap<JobId, number>()

  constructor(config: OwnerConfig) {
    this.config = config
    this.workers = new Workers(config.spec.phases.length)
    this.phaseCounters = config.spec.phases.map(() => new PhaseCounter())
    this.#ready = config.spec.phases.map((_, phase) => new ReadyQueue(phase, 0, config.limits))
    this.scheduled = new ScheduledJobs(scheduledMax(config.limits), undefined)
  }

  /** Replaces the queues by those that a store's summary describes. */
  restore(coldByPhase: readonly number[], nextDueMs: number | undefined): void {
    const { spec, limits } = this.config
    this.#ready = spec.phases.map(
      (_, phase) => new ReadyQueue(phase, coldByPhase[phase] ?? 0, limits),
    )
    this.scheduled = new ScheduledJobs(scheduledMax(limits), nextDueMs)
  }

  mutate(mutation: Mutation): void {
    this.#mutations.push(mutation)
  }

  effect(effect: Effect): void {
    this.#effects.push(effect)
  }

  /** Of jobs only while somebody listens: there are very many of those. */
  publish(event: Published): void {
    const isRare = event.type === 'workerJoined' || event.type === 'workerLost'
    if (isRare || this.observed) this.#effects.push({ type: 'Publish', event })
  }

  takeStep(): Step {
    const step = { mutations: this.#mutations, effects: this.#effects }
    this.#mutations = []
    this.#effects = []
    return step
  }

  phaseSpec(phase: number): PhaseSpec {
    const spec = this.config.spec.phases[phase]
    return spec ?? broken(`phase ${phase} is not in the pipeline`)
  }

  ready(phase: number): ReadyQueue {
    const queue = this.#ready[phase]
    return queue ?? broken(`phase ${phase} has no ready queue`)
  }

  readyQueues(): readonly ReadyQueue[] {
    return this.#ready
  }

  /** Jobs that wait, hot and cold, ready and scheduled. */
  get waiting(): number {
    return this.#ready.reduce((sum, queue) => sum + queue.waiting, this.scheduledCount)
  }

  /** Moves the job along the table; an illegal pair is a defect of the core. */
  signal(job: Job, signal: JobSignal): void {
    const { state, id } = job
    job.state = nextState(state, signal) ?? broken(`${signal} is not legal for job ${id}: ${state}`)
  }

  /** The job, which is in memory, is ready in its phase: into the window, or out of memory when it is behind it. */
  makeReady(job: Job): void {
    this.publish({ type: 'jobReady', id: job.id, phase: job.phase })
    if (!this.ready(job.phase).enter(job)) this.goCold(job)
  }

  makeScheduled(job: Job): void {
    this.scheduledCount += 1
    if (!this.scheduled.enter(job)) this.forget(job)
  }

  /** A ready job is out of the window: from now on only the store has it, and must say that it is ready. */
  goCold(job: Job): void {
    if (job.storedAs === 'scheduled') {
      const { tokenMin, suspect, crashes } = job
      this.mutate({ type: 'release', job: this.expected(job), tokenMin, suspect, crashes })
    }
    this.forget(job)
  }

  /**
   * A job settles, or only the store has it from now on. A queue, or a worker that has not said that its slot is
   * free, may have it still: then without its bytes.
   */
  forget(job: Job): void {
    this.#leave(job.id)
    job.instructions = noInstructions
  }

  /** A job that was not in memory has left the store: whoever has read it there must look again. */
  hasLeftStore(id: JobId): void {
    this.#leave(id)
  }

  /** The job in memory; from `record` when the store is the only one that has it. */
  bringIn(record: JobRecord): Job {
    const known = this.jobs.get(record.id)
    if (known !== undefined) return known
    if (record.tokenMin !== '') this.heardOf(parseFence(record.tokenMin))
    for (const token of record.applied) this.heardOf(parseFence(token))
    const job = jobOf(record)
    this.jobs.set(job.id, job)
    return job
  }

  /**
   * The fence of a token that this owner may not have made: another one may have the same epoch, when a
   * store fails over and forgets who owned the shard. What is granted from now on is newer, as with the clocks of
   * Lamport (1978), so that fences grow.
   */
  heardOf(fence: Fence | undefined): void {
    if (fence?.epoch !== this.config.epoch) return
    this.lastToken = Math.max(this.lastToken, fence.sequence)
  }

  /** Brings overfull windows back into their bounds. */
  trimWindows(): void {
    for (const queue of this.#ready) {
      for (const job of queue.trim()) this.goCold(job)
      queue.sweep()
    }
    this.scheduled.sweep()
  }

  /** The number of a new load: its answer repeats it. */
  loadBegins(): number {
    this.#loadsBegun += 1
    this.#loadsUnderWay.add(this.#loadsBegun)
    return this.#loadsBegun
  }

  /** The answer of a load has been dealt with. */
  loadEnds(load: number): void {
    this.#loadsUnderWay.delete(load)
    const oldest = Math.min(...this.#loadsUnderWay)
    for (const [id, begun] of this.#leftDuringLoad) {
      if (begun < oldest) this.#leftDuringLoad.delete(id)
    }
  }

  /**
   * The job left memory after the load began, so the store may have been read before the job's last
   * change. One that left earlier was written before the load left the commit gate.
   */
  isStaleRead(id: JobId, load: number): boolean {
    return (this.#leftDuringLoad.get(id) ?? 0) >= load
  }

  expected(job: Job): Expected {
    return { id: job.id, sequence: job.sequence, phase: job.phase }
  }

  /** The record of the attempt that ends now, which is counted. */
  attemptRecord(
    grant: Grant,
    end: Pick<AttemptRecord, 'outcome' | 'error' | 'keys' | 'retryMs'>,
  ): AttemptRecord {
    const { outcome, error, keys, retryMs } = end
    const worker = this.workers.get(grant.incarnation)
    const [startedMs, endedMs] = this.#timesOf(grant)
    this.phaseCounters[grant.phase]?.ended(outcome, grant.tookMs)
    if (worker !== undefined && grant.tookMs > 0) hasTaken(worker, grant.tookMs)
    const record: Mutable<AttemptRecord> = {
      phase: grant.phase,
      attempt: grant.attempt,
      token: tokenText(grant.token),
      worker: worker?.info.id ?? grant.incarnation,
      startedMs,
      endedMs,
      outcome,
    }
    if (error !== undefined) record.error = error
    if (keys !== undefined) record.keys = keys
    if (retryMs !== undefined) record.retryMs = retryMs
    return record
  }

  /**
   * When the attempt began and ended, by this owner's clock. How long it took is the worker's to say: its clock may
   * differ, and its result may have waited for an owner.
   */
  #timesOf({
    job,
    startedMs,
    tookMs,
    grantedMs,
  }: Grant): readonly [started: number, ended: number] {
    // Whatever a worker says, no run has lasted longer than its job.
    const lastedMs = Math.min(tookMs, this.nowMs - job.enqueuedMs)
    if (lastedMs <= 0) return [startedMs === 0 ? grantedMs : startedMs, this.nowMs]
    const started = Math.min(Math.max(startedMs, grantedMs), this.nowMs - lastedMs)
    return [started, started + lastedMs]
  }

  /** A number where possible: it is looked up once a result. */
  keyOf(token: Token): TokenKey {
    const { epoch, nonce } = this.config
    return token.epoch === epoch && token.nonce === nonce ? token.sequence : tokenText(token)
  }

  /** The worker no longer holds it: the slot is free. */
  freeSlot(worker: Worker, key: TokenKey): void {
    worker.grants.delete(key)
    if (worker.grants.size === 0) worker.runsAlone = false
  }

  #leave(id: JobId): void {
    this.jobs.delete(id)
    if (this.rollCallOpen) this.leftInRollCall.add(id)
    if (this.#loadsUnderWay.size > 0) this.#leftDuringLoad.set(id, this.#loadsBegun)
  }
}

function scheduledMax({ scheduledJobsMax, readyBytesMax }: Limits): {
  jobs: number
  bytes: number
} {
  return { jobs: scheduledJobsMax, bytes: readyBytesMax }
}
