/**
 * The shell of a worker, around the real protocol machine: what `worker/` does with sockets and user code,
 * done with the world's. What a run does is drawn beforehand, by the workload.
 */
import type { Event, Outcome, WorkerReport } from '../src/core/event.ts'
import { tokenText } from '../src/core/token.ts'
import type { Orders, StreamOpen, WorkerEffect, WorkerEvent } from '../src/core/worker-event.ts'
import { WorkerProtocol } from '../src/core/worker-protocol.ts'
import { Process } from './process.ts'
import type { Network } from './network.ts'
import type { Surroundings } from './surroundings.ts'
import type { Workload } from './workload.ts'

export type StartRun = Extract<WorkerEffect, { type: 'StartRun' }>

interface Run {
  readonly start: StartRun
  readonly heedsAbort: boolean
}

/** A manager, as workers see it. */
export interface Receiver extends Process {
  readonly address: string
  receive(event: Event): void
}

export interface SimWorkerParts {
  readonly jobType: string
  readonly concurrency: number
  readonly network: Network
  readonly workload: Workload
  managers(): readonly Receiver[]
  restart(worker: SimWorker): void
  onRun(start: StartRun, incarnation: string): void
}

const machine = {
  ...{ beatMs: 1_000, resultResendMs: 1_000, abortGraceMs: 10_000 },
  ...{ prefetch: { jobsMax: 5, windowMs: 20 }, prefetchHoldMs: 30 },
  ...{ reportResultsMax: 4, reportBytesMax: 300, outboxMax: 50 },
}

export class SimWorker extends Process {
  readonly jobType: string
  readonly address: string
  readonly #parts: SimWorkerParts
  #protocol: WorkerProtocol | undefined
  #runs = new Map<number, Run>()
  #timerAtMs = Infinity
  #incarnation = ''

  constructor(world: Surroundings, name: string, parts: SimWorkerParts) {
    super(world, name)
    this.#parts = parts
    this.jobType = parts.jobType
    this.address = `tcp://${name}:3000`
  }

  start(): void {
    this.begin()
    const { name, jobType, address, life } = this
    this.#incarnation = `${name}#${life}`
    this.#protocol = new WorkerProtocol({
      ...machine,
      info: {
        ...{ id: `${jobType}@${name}`, incarnation: this.#incarnation, address, jobType },
        ...{ concurrency: this.#parts.concurrency, host: name, pid: life, version: '0.1.0' },
      },
    })
    this.#runs = new Map()
    this.#timerAtMs = Infinity
    this.#handle({ type: 'TimerFired', nowMs: this.world.nowMs })
  }

  kill(): void {
    if (!this.isUp) return
    this.#protocol = undefined
    this.end()
  }

  isAt(incarnation: string, token: string): boolean {
    if (!this.isUp || this.#incarnation !== incarnation) return false
    return [...this.#runs.values()].some(({ start }) => tokenText(start.token) === token)
  }

  drain(): void {
    this.#handle({ type: 'DrainRequested', nowMs: this.world.nowMs })
    this.later(5_000, () => this.#handle({ type: 'DrainOverdue', nowMs: this.world.nowMs }))
  }

  receiveOpen(open: StreamOpen): void {
    if (open.incarnation !== this.#incarnation) this.world.saw('wrong incarnation')
    this.#handle({ type: 'StreamOpened', nowMs: this.world.nowMs, open })
  }

  receiveOrders(orders: Orders): void {
    if (orders.incarnation !== this.#incarnation) this.world.saw('wrong incarnation')
    this.#handle({ type: 'OrdersReceived', nowMs: this.world.nowMs, orders })
  }

  #handle(event: WorkerEvent): void {
    const protocol = this.#protocol
    if (protocol === undefined) return
    for (const effect of protocol.handle(event)) this.#perform(effect)
    this.#armTimer(protocol)
  }

  #armTimer(protocol: WorkerProtocol): void {
    const atMs = protocol.nextDeadlineMs
    if (atMs >= this.#timerAtMs || this.#protocol !== protocol) return
    this.#timerAtMs = atMs
    this.later(atMs - this.world.nowMs, () => {
      if (this.#timerAtMs !== atMs) return
      this.#timerAtMs = Infinity
      this.#handle({ type: 'TimerFired', nowMs: this.world.nowMs })
    })
  }

  #perform(effect: WorkerEffect): void {
    switch (effect.type) {
      case 'SendReport':
        return this.#send(effect.report, (address) => address === effect.pull)
      case 'SayHello':
        return this.#send(effect.report, (address) => !effect.except.includes(address))
      case 'Introduce':
        return this.#send(effect.report, () => true)
      case 'StartRun':
        return this.#start(effect)
      case 'AbortRun':
        return this.#abort(effect.run)
      case 'RunStuck':
        this.world.saw('stuck run')
        // A worker with a stuck slot restarts itself in the end.
        return this.later(2_000, () => this.#parts.restart(this))
      case 'DrainOrdered':
        return this.world.saw('drain ordered')
      case 'ResumeOrdered':
        return this.world.saw('drain taken back')
      case 'Drained':
        return this.later(0, () => this.#parts.restart(this))
    }
  }

  #send(report: WorkerReport, isFor: (address: string) => boolean): void {
    for (const manager of this.#parts.managers()) {
      if (isFor(manager.address)) this.#sendTo(manager, report)
    }
  }

  #sendTo(manager: Receiver, report: WorkerReport): void {
    this.#parts.network.send(this, manager, () => {
      manager.receive({ type: 'WorkerReported', nowMs: this.world.nowMs, report })
    })
  }

  #start(start: StartRun): void {
    this.#parts.onRun(start, this.#incarnation)
    const plan = this.#parts.workload.plan(start)
    this.#runs.set(start.run, { start, heedsAbort: plan.ends !== 'deaf' })
    if (plan.ends === 'poison') return this.later(plan.ms, () => this.#parts.restart(this))
    if (plan.ends === 'hang' || plan.ends === 'deaf') return
    this.later(plan.ms, () => this.#end(start.run, plan.outcome, plan.ms))
  }

  #end(run: number, outcome: (token: string) => Outcome, durationMs: number): void {
    const running = this.#runs.get(run)
    if (running === undefined) return
    this.#runs.delete(run)
    const ended = [{ run, outcome: outcome(tokenText(running.start.token)), durationMs }]
    this.#handle({ type: 'RunsEnded', nowMs: this.world.nowMs, ended })
    this.later(0, () => this.#handle({ type: 'TurnEnded', nowMs: this.world.nowMs }))
  }

  #abort(run: number): void {
    const running = this.#runs.get(run)
    if (running === undefined || !running.heedsAbort) return
    const error = { kind: 'thrown', name: 'AbortError', message: 'aborted' }
    this.later(1, () => this.#end(run, () => ({ type: 'failed', error, retry: 'default' }), 1))
  }
}
