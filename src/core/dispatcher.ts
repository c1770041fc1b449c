/**
 * The machine at the centre: one event in, one step (mutations and effects) out. It routes; policy lives
 * in the concerns beside it. Same state and same event give the same step, to the byte.
 * README.md in this folder is the theory of operation.
 */
import { assign } from './assigning.ts'
import type { Event } from './event.ts'
import { unreachable } from './invariant.ts'
import type { JobRecord } from './job.ts'
import { Liveness } from './liveness.ts'
import { Operations } from './operations.ts'
import { tellOfWaiting } from './pinging.ts'
import { Recovery } from './recovery.ts'
import { Shard, type OwnerConfig, type Step } from './shard.ts'
import { Submissions } from './submissions.ts'
import type { TimerName } from './timers.ts'
import { describeShard, settledOf, type ShardStatus } from './status.ts'

type EventOf<T extends Event['type']> = Extract<Event, { type: T }>

export class Dispatcher {
  readonly #shard: Shard
  readonly #submissions: Submissions
  readonly #recovery: Recovery
  readonly #operations: Operations
  readonly #liveness: Liveness

  constructor(config: OwnerConfig) {
    this.#shard = new Shard(config)
    this.#submissions = new Submissions(this.#shard)
    this.#recovery = new Recovery(this.#shard)
    this.#operations = new Operations(this.#shard)
    this.#liveness = new Liveness(this.#shard, this.#recovery)
  }

  /** When `TimerFired` is wanted; `undefined` = not at all. */
  get nextDeadlineMs(): number | undefined {
    return this.#shard.timers.nextMs
  }

  /** What a person wants to know. Reads only. */
  status(): ShardStatus {
    return describeShard(this.#shard, this.#submissions.uncommitted)
  }

  get settled(): ShardStatus['settled'] {
    return settledOf(this.#shard)
  }

  /** Whether the job is in memory, so that its end will be told. Reads only. */
  isOpen(id: string): boolean {
    return this.#shard.jobs.has(id)
  }

  /** Id of the worker that has the job now. Reads only. */
  holderOf(id: string): string | undefined {
    const grant = this.#shard.jobs.get(id)?.grant
    return grant && this.#shard.workers.get(grant.incarnation)?.info.id
  }

  /** Ids of the jobs that the worker with this id has now. Reads only. */
  heldBy(worker: string): readonly string[] {
    const named = [...this.#shard.workers.all()].filter(({ info }) => info.id === worker)
    return named.flatMap(({ grants }) =>
      [...grants.values()].flatMap((grant) => (grant.job.grant === grant ? grant.job.id : [])),
    )
  }

  handle(event: Event): Step {
    const shard = this.#shard
    shard.nowMs = event.nowMs
    this.#route(event)
    this.#recovery.flush()
    this.#operations.flush()
    this.#loadDue()
    assign(shard)
    if (shard.config.sharesWorkers === true) this.#tellOfWaiting()
    shard.trimWindows()
    this.#setDueTimer()
    return shard.takeStep()
  }

  #tellOfWaiting(): void {
    for (const { phase } of this.#shard.readyQueues()) tellOfWaiting(this.#shard, phase)
  }

  #route(event: Event): void {
    switch (event.type) {
      case 'OwnershipTaken':
        return this.#takeOwnership(event)
      case 'JobsSubmitted':
        return this.#submissions.submit(event.request, event.jobs)
      case 'GroupCommitted':
        return this.#submissions.committed(event.answer.inserts)
      case 'GroupRefused':
        return this.#submissions.refused(event.inserts)
      case 'WorkerAnnounced':
        return void this.#liveness.announced(event.info)
      case 'WorkerConnected':
        return this.#liveness.connected(event.incarnation)
      case 'WorkerDisconnected':
        return this.#liveness.disconnected(event.incarnation)
      case 'WorkerReported':
        return this.#liveness.reported(event.report)
      case 'WorkerLost':
        return this.#liveness.lost(event.incarnation, event.cause)
      case 'ReadyLoaded':
        return this.#readyLoaded(event)
      case 'DueLoaded':
        return this.#dueLoaded(event)
      case 'JobsLookedUp':
        return this.#lookedUp(event)
      case 'CancelRequested':
        return this.#operations.cancel(event.request, event.id)
      case 'RedriveRequested':
        return this.#operations.dead('redrive', event.request, event.ids)
      case 'DiscardRequested':
        return this.#operations.dead('discard', event.request, event.ids)
      case 'PauseRequested':
        return this.#operations.pause(true, event.request, event.phases)
      case 'ResumeRequested':
        return this.#operations.pause(false, event.request, event.phases)
      case 'WorkerDrainRequested':
        return this.#operations.drain(true, event.request, event.worker)
      case 'WorkerResumeRequested':
        return this.#operations.drain(false, event.request, event.worker)
      case 'ObserversChanged':
        this.#shard.observed = event.observed
        return
      case 'DrainRequested':
        this.#shard.draining = true
        return
      case 'TimerFired':
        for (const timer of this.#shard.timers.takeDue(event.nowMs)) this.#fire(timer)
        return
      default:
        return unreachable(event)
    }
  }

  #takeOwnership(event: EventOf<'OwnershipTaken'>): void {
    const shard = this.#shard
    const { limits } = shard.config
    const cold: number[] = []
    for (const { phase, ready, scheduled } of event.phases) {
      cold[phase] = ready
      shard.scheduledCount += scheduled
    }
    shard.restore(cold, event.nextDueMs)
    shard.nextSequence = event.lastSequence + 1
    shard.settledBefore = event.settled
    shard.paused = new Set(event.paused)
    shard.timers.set('beat', event.nowMs + limits.beatMs)
    // Nothing unsettled in the store: nobody can hold a grant of an earlier owner that still counts.
    shard.rollCallOpen = shard.waiting > 0
    if (shard.rollCallOpen) shard.timers.set('rollCall', event.nowMs + limits.rollCallMs)
    this.#liveness.presume(event.noted)
  }

  #readyLoaded({ load, phase, jobs, exhausted }: EventOf<'ReadyLoaded'>): void {
    const shard = this.#shard
    const fresh = this.#fresh(load, jobs).map((record) => shard.bringIn(record))
    for (const job of shard.ready(phase).refill(fresh, jobs.at(-1), exhausted)) shard.goCold(job)
    shard.loadEnds(load)
  }

  /** What a load brought that is not in memory, and as the store has it now. */
  #fresh(load: number, records: readonly JobRecord[]): readonly JobRecord[] {
    const shard = this.#shard
    return this.#answeredOnes(records).filter(
      ({ id }) => !shard.jobs.has(id) && !shard.isStaleRead(id, load),
    )
  }

  /** Without those whose insert has no answer yet: they enter with that, and would be there twice. */
  #answeredOnes(records: readonly JobRecord[]): readonly JobRecord[] {
    return records.filter((record) => !this.#submissions.isPending(record))
  }

  #dueLoaded({ load, jobs, nextDueMs }: EventOf<'DueLoaded'>): void {
    const shard = this.#shard
    shard.scheduled.loaded(jobs.at(-1), nextDueMs)
    for (const record of this.#fresh(load, jobs)) {
      shard.scheduledCount -= 1
      const job = shard.bringIn(record)
      shard.signal(job, 'due')
      shard.makeReady(job)
    }
    shard.loadEnds(load)
  }

  #lookedUp({ load, ids, jobs: found }: EventOf<'JobsLookedUp'>): void {
    const jobs = this.#answeredOnes(found)
    if (!this.#operations.lookedUp(load, jobs)) this.#recovery.lookedUp(load, ids, jobs)
    this.#shard.loadEnds(load)
  }

  #fire(timer: TimerName): void {
    const shard = this.#shard
    switch (timer) {
      case 'beat':
        shard.timers.set('beat', shard.nowMs + shard.config.limits.beatMs)
        return this.#liveness.beat()
      case 'rollCall':
        return this.#recovery.rollCallEnds()
      case 'due':
        return this.#makeDueReady()
      default:
        return unreachable(timer)
    }
  }

  #makeDueReady(): void {
    const shard = this.#shard
    for (;;) {
      const job = shard.scheduled.takeDue(shard.nowMs)
      if (job === undefined) return
      shard.scheduledCount -= 1
      shard.signal(job, 'due')
      shard.makeReady(job)
    }
  }

  /** Cold jobs that are due: not before the roll call has closed, somebody may be running them. */
  #loadDue(): void {
    const shard = this.#shard
    const wanted = shard.rollCallOpen ? undefined : shard.scheduled.wantsLoad(shard.nowMs)
    if (wanted === undefined) return
    const load = shard.loadBegins()
    const { scheduledJobsMax, loadJobsMax } = shard.config.limits
    const limit = Math.min(scheduledJobsMax, loadJobsMax)
    shard.effect({ type: 'LoadDue', load, untilMs: shard.nowMs, ...wanted, limit })
  }

  #setDueTimer(): void {
    const next = this.#shard.rollCallOpen ? undefined : this.#shard.scheduled.nextMs
    if (next === undefined) this.#shard.timers.clear('due')
    else this.#shard.timers.set('due', next)
  }
}
