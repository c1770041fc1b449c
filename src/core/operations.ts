/**
 * What people order: cancel a job, bring a dead one back or give it up, pause and resume, send a worker
 * away. Whoever is the first of two that want the same job wins, and the other is told what it found.
 *
 * A job that is not in memory is looked up in the store first. One look serves one change of a job: when
 * it has changed since the store was read (also by the order before, in the same batch), the order looks
 * again. So no order acts on a record of the past.
 */
import type { DeadOutcome } from './effect.ts'
import { unreachable } from './invariant.ts'
import type { Job, JobId, JobRecord } from './job.ts'
import { isSettled } from './job-transitions.ts'
import { drainWorker, resumeWorker } from './liveness.ts'
import { abortRun, takeOutOfQueue } from './recovery.ts'
import { settle } from './settling.ts'
import { wholePipeline, type Shard } from './shard.ts'

/** A request about dead jobs whose answer is not complete. */
interface DeadRequest {
  readonly request: string
  readonly items: { readonly id: JobId; outcome: DeadOutcome }[]
  unanswered: number
}

type Order =
  | { readonly verb: 'cancel'; readonly id: JobId; readonly request: string }
  | {
      readonly verb: 'redrive' | 'discard'
      readonly id: JobId
      readonly of: DeadRequest
      readonly item: number
    }

export class Operations {
  readonly #shard: Shard
  /** Orders that wait for the next look-up. */
  #unasked: Order[] = []
  /** Orders by the number of the look-up that they wait for. */
  readonly #asked = new Map<number, readonly Order[]>()

  constructor(shard: Shard) {
    this.#shard = shard
  }

  cancel(request: string, id: JobId): void {
    this.#take({ verb: 'cancel', id, request })
  }

  /** Dead jobs: ready again at the phase in which they failed, or out of the store. */
  dead(verb: 'redrive' | 'discard', request: string, ids: readonly JobId[]): void {
    const items = ids.map((id) => ({ id, outcome: 'notFound' as const }))
    const of: DeadRequest = { request, items, unanswered: ids.length }
    if (ids.length === 0) this.#answer(of)
    ids.forEach((id, item) => this.#take({ verb, id, of, item }))
  }

  /** Stops or resumes granting some phases, or the whole pipeline. What runs goes on. */
  pause(isPause: boolean, request: string, phases: readonly number[] = [wholePipeline]): void {
    const { paused } = this.#shard
    for (const phase of phases) {
      if (paused.has(phase) === isPause) continue
      if (isPause) paused.add(phase)
      else paused.delete(phase)
      const type = isPause ? 'pause' : 'resume'
      this.#shard.mutate(phase === wholePipeline ? { type } : { type, phase })
    }
    const answer = [...paused].sort((a, b) => a - b)
    this.#shard.effect({ type: 'AnswerPause', request, paused: answer })
  }

  /** Sends a worker away, or keeps it after all. By id, which is for people, or by incarnation. */
  drain(isDrain: boolean, request: string, name: string): void {
    const found = [...this.#shard.workers.all()].filter(
      ({ info }) => info.id === name || info.incarnation === name,
    )
    for (const worker of found) {
      if (isDrain) drainWorker(this.#shard, worker)
      else resumeWorker(this.#shard, worker)
    }
    const done = isDrain ? 'draining' : 'resumed'
    const outcome = found.length > 0 ? done : 'notFound'
    this.#shard.effect({ type: 'AnswerDrain', request, outcome })
  }

  /** Orders the look-ups of what has been ordered since the last time. */
  flush(): void {
    const { lookUpOrdersMax } = this.#shard.config.limits
    while (this.#unasked.length > 0) {
      const orders = this.#unasked.splice(0, lookUpOrdersMax)
      const load = this.#shard.loadBegins()
      this.#asked.set(load, orders)
      const ids = [...new Set(orders.map(({ id }) => id))]
      this.#shard.effect({ type: 'LookUpJobs', load, ids, isInTurn: true })
    }
  }

  /** `false`: that look-up was not for an order. */
  lookedUp(load: number, records: readonly JobRecord[]): boolean {
    const orders = this.#asked.get(load)
    if (orders === undefined) return false
    this.#asked.delete(load)
    const byId = new Map(records.map((record) => [record.id, record]))
    for (const order of orders) {
      if (this.#shard.isStaleRead(order.id, load)) this.#take(order)
      else this.#perform(order, this.#shard.jobs.get(order.id), byId.get(order.id))
    }
    return true
  }

  #take(order: Order): void {
    const job = this.#shard.jobs.get(order.id)
    if (job === undefined) this.#unasked.push(order)
    else this.#perform(order, job, undefined)
  }

  #perform(order: Order, job: Job | undefined, record: JobRecord | undefined): void {
    switch (order.verb) {
      case 'cancel': {
        const outcome = this.#cancel(job, record)
        return this.#shard.effect({ type: 'AnswerCancel', request: order.request, outcome })
      }
      case 'redrive':
      case 'discard':
        return this.#settleItem(order.of, order.item, this.#revive(order.verb, job, record))
      default:
        return unreachable(order)
    }
  }

  #cancel(
    job: Job | undefined,
    record: JobRecord | undefined,
  ): 'cancelled' | 'settled' | 'notFound' {
    if (job !== undefined) cancelJob(this.#shard, job, false)
    else if (record === undefined) return 'notFound'
    else if (isSettled(record.state)) return 'settled'
    else cancelJob(this.#shard, this.#shard.bringIn(record), true)
    return 'cancelled'
  }

  /** A dead job is never in memory. */
  #revive(
    verb: 'redrive' | 'discard',
    job: Job | undefined,
    record: JobRecord | undefined,
  ): DeadOutcome {
    if (job !== undefined) return 'notDead'
    if (record === undefined) return 'notFound'
    if (record.state !== 'dead') return 'notDead'
    if (verb === 'discard') {
      discard(this.#shard, record)
      return 'discarded'
    }
    if (this.#shard.config.spec.phases[record.phase] === undefined) return 'noPhase'
    redrive(this.#shard, record)
    return 'redriven'
  }

  #settleItem(of: DeadRequest, item: number, outcome: DeadOutcome): void {
    const entry = of.items[item]
    if (entry !== undefined) entry.outcome = outcome
    of.unanswered -= 1
    if (of.unanswered === 0) this.#answer(of)
  }

  #answer({ request, items }: DeadRequest): void {
    this.#shard.effect({ type: 'AnswerDead', request, items })
  }
}

/** Settles an unsettled job as cancelled; a run is told to stop, its slot is free when the worker says so. */
function cancelJob(shard: Shard, job: Job, wasCold: boolean): void {
  const { grant } = job
  if (grant === undefined) takeOutOfQueue(shard, job, wasCold)
  const ended = grant && shard.attemptRecord(grant, { outcome: 'cancelled' })
  settle(shard, job, 'cancelled', { ended })
  const worker = grant && shard.workers.get(grant.incarnation)
  if (grant !== undefined && worker !== undefined) abortRun(shard, worker, grant.token, 'cancelled')
}

/**
 * The same job once more, in the phase where it failed. Its attempts are never forgotten: the limit is
 * raised by what the phase allows. One that killed its workers runs alone, and has one more try.
 */
function redrive(shard: Shard, record: JobRecord): void {
  const job = shard.bringIn(record)
  const attemptsMax = job.attempts + shard.phaseSpec(job.phase).retry.attempts
  const readyMs = shard.nowMs
  shard.mutate({ type: 'redrive', job: shard.expected(job), attemptsMax, readyMs })
  shard.signal(job, 'redrive')
  job.attemptsMax = attemptsMax
  job.dueMs = readyMs
  shard.counters.redriven += 1
  shard.makeReady(job)
}

function discard(shard: Shard, record: JobRecord): void {
  const { id, sequence, phase } = record
  shard.mutate({ type: 'discard', job: { id, sequence, phase } })
  shard.counters.discarded += 1
  shard.hasLeftStore(id)
}
