/**
 * A worker: one phase, so many jobs at once. It binds a PULL door for grants, pushes reports to its
 * managers, publishes events for people; the protocol machine in the core decides everything else.
 */
import { hostname } from 'node:os'
import type { Outcome, WorkerInfo } from '../core/event.ts'
import type { EndedRun, WorkerEffect, WorkerEvent } from '../core/worker-event.ts'
import { WorkerProtocol } from '../core/worker-protocol.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { CompiledPhase } from '../pipeline/compile.ts'
import type { PhaseInstance } from '../pipeline/phase.ts'
import type { PassCheckpoint } from '../runtime/checkpoint.ts'
import { systemClock } from '../runtime/clock.ts'
import { newNonce } from '../runtime/entropy.ts'
import { LimitedLog, type Logger } from '../runtime/logger.ts'
import type { Service, ServiceState } from '../runtime/service.ts'
import { isLoopback } from '../runtime/address.ts'
import { localHostTowards } from '../runtime/this-machine.ts'
import { runPhaseHook } from '../runtime/user-hook.ts'
import type { Frames, Link, ReceivingDoor, Transport } from '../transport/contract.ts'
import { bodyBytesWanted } from '../wire/body.ts'
import { unpackHeader } from '../wire/header.ts'
import { decodeOpen, decodeOrders } from '../wire/orders.ts'
import { encodeReport } from '../wire/report.ts'
import { WireError } from '../wire/wire-error.ts'
import { executePhase } from './execute.ts'
import { FailureLog } from './failure-log.ts'
import { HealthWatch } from './health.ts'
import { Introductions } from './introductions.ts'
import { RunContext, type RunContextParts, type StartRun } from './run-context.ts'
import type { TraceRun } from './run-tracing.ts'
import { SleepWatch } from './sleep-watch.ts'
import { WorkerFeed } from './worker-feed.ts'
import { TransientMap } from '../core/transient-map.ts'

export interface WorkerOptions {
  readonly phase: CompiledPhase
  readonly transport: Transport
  readonly logger: Logger
  readonly version: string
  /** Jobs at once; default: the phase's own. */
  readonly concurrency?: number
  /** Default: a free port of the interface towards the manager. */
  readonly pullBind?: string
  /** Relays that bring its orders, in the place of a door of its own. */
  readonly pullConnect?: readonly string[]
  /** What is announced instead of the bound address. */
  readonly advertise?: string
  readonly pushConnect: readonly string[]
  readonly pubConnect: readonly string[]
  /** How long `stop` waits for running jobs; default 30,000 ms. */
  readonly drainMs?: number
  readonly checkpoint?: PassCheckpoint | undefined
  /** Sees every run; default: nobody does. */
  readonly traceRun?: TraceRun
  /** A manager knows it, and may give it jobs from now on; told for each of its shards, whenever it begins anew. */
  onManager?(manager: string): void
  /** A manager has ordered it to leave: it takes no more, and finishes what runs, however long that takes. */
  onDrainOrdered?(): void
  /** A manager has taken that back: it takes jobs again. */
  onResumeOrdered?(): void
  /** Everything is finished that ran when it was ordered to leave: whoever started it should `stop` it. */
  onDrained?(): void
  /**
   * A run ignores its abort, and keeps its slot until the process ends: whoever started the worker should
   * `stop` it, end the process, and start another.
   */
  onStuck?(jobId: string): void
}

const protocolDefaults = {
  beatMs: 1_000,
  resultResendMs: 1_000,
  abortGraceMs: 10_000,
  prefetch: { jobsMax: 1_000, windowMs: 20 },
  prefetchHoldMs: 30,
  reportResultsMax: 256,
  reportBytesMax: bodyBytesWanted,
  outboxMax: 20_000,
}
const drainMsDefault = 30_000
/** How long a worker that stops waits for the answers to its last results. */
const answersWithinMs = 2_000

export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #instance: PhaseInstance
  readonly #runs = new TransientMap<number, RunContext>()
  readonly #contextParts: RunContextParts
  readonly #pushes = new Map<string, Link>()
  readonly #introductions: Introductions
  readonly #rejected: LimitedLog
  readonly #failures: FailureLog
  #state: ServiceState = 'new'
  #protocol: WorkerProtocol | undefined
  #door: ReceivingDoor | undefined
  #feed: WorkerFeed | undefined
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Infinity
  readonly #sleepWatch = new SleepWatch()
  readonly #health = new HealthWatch()
  #ended: EndedRun[] = []
  #isTurnPlanned = false
  #whenDrained: (() => void) | undefined
  #isDrained = false
  #info: WorkerInfo | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#instance = new options.phase.phaseClass()
    this.#contextParts = {
      jobType: options.phase.spec.jobType,
      log: (level, message, fields) => options.logger[level](message, fields),
      publish: (topic, fields) => this.#feed?.publish(topic, fields),
    }
    this.#introductions = new Introductions(options.transport)
    const warn = options.logger.warn
    this.#rejected = new LimitedLog(() => systemClock.nowMs(), warn)
    this.#failures = new FailureLog(() => systemClock.nowMs(), options.logger)
  }

  get state(): ServiceState {
    return this.#state
  }

  /** Who it is and where; after `start`. */
  get info(): WorkerInfo {
    if (this.#info === undefined)
      throw new CarbontubeError('CT_STOPPED', 'the worker is not running')
    return this.#info
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'starting'
    await runPhaseHook(this.#instance, 'setup')
    try {
      await this.#connect()
    } catch (error) {
      this.#close()
      this.#state = 'stopped'
      await runPhaseHook(this.#instance, 'teardown')
      throw error
    }
    this.#health.start()
    this.#state = 'running'
    this.#handle({ type: 'TimerFired', nowMs: systemClock.nowMs() })
  }

  /** Takes no more, finishes what runs (until the deadline), waits for the answers, closes. */
  async stop(): Promise<void> {
    if (this.#state !== 'running') return
    this.#state = 'stopping'
    const drainMs = this.#options.drainMs ?? drainMsDefault
    const drained = new Promise<void>((resolve) => {
      if (this.#isDrained) resolve()
      this.#whenDrained = resolve
    })
    const overdue = setTimeout(() => {
      this.#handle({ type: 'DrainOverdue', nowMs: systemClock.nowMs() })
    }, drainMs)
    const giveUp = () => {
      this.#warnOfUnanswered()
      this.#whenDrained?.()
    }
    // Answers may never come when the manager is gone: its successor will hear of the loss.
    let givenUp = setTimeout(() => {
      const { running = 0, stuck = 0 } = this.#protocol?.load ?? {}
      if (running === stuck) return giveUp()
      // What does not heed its abort is given back when it counts as stuck, and not before.
      givenUp = setTimeout(giveUp, protocolDefaults.abortGraceMs)
    }, drainMs + answersWithinMs)
    this.#handle({ type: 'DrainRequested', nowMs: systemClock.nowMs() })
    await drained
    clearTimeout(overdue)
    clearTimeout(givenUp)
    this.#feed?.publish('worker.leaving', { info: this.info })
    this.#close()
    await runPhaseHook(this.#instance, 'teardown')
    this.#state = 'stopped'
  }

  #warnOfUnanswered(): void {
    const results = this.#protocol?.load.unanswered ?? 0
    if (results === 0) return
    const message = 'stopped with results that no manager has taken: those phases run again'
    this.#options.logger.warn(message, { results })
  }

  async #connect(): Promise<void> {
    const { transport, phase, pushConnect, pubConnect, pullConnect, advertise } = this.#options
    const incarnation = newNonce()
    const concurrency = this.#options.concurrency ?? phase.concurrency
    this.#door = await transport.openPull({
      bind: pullConnect === undefined ? [await this.#pullBind()] : [],
      connect: pullConnect ?? [],
      onMessage: (frames) => this.#receive(frames),
    })
    const { jobType } = phase.spec
    const info: WorkerInfo = {
      ...{ id: `${jobType}@${hostname()}:${process.pid}`, incarnation, jobType, concurrency },
      address: advertise ?? this.#door.addresses[0] ?? '',
      ...{ host: hostname(), pid: process.pid, version: this.#options.version },
      ...(pullConnect === undefined ? {} : { relayed: true }),
    }
    if (info.address === '') {
      throw new CarbontubeError('CT_BAD_OPTION', '--pull-connect needs --advertise', {
        hint: 'Say with --advertise which address of the relay managers should push to.',
      })
    }
    this.#info = info
    this.#protocol = new WorkerProtocol({ ...protocolDefaults, info })
    this.#feed = await WorkerFeed.open({ transport, info, connect: pubConnect })
    for (const address of pushConnect) {
      const onUp = () => this.#sayHello()
      this.#pushes.set(address, transport.connectPush({ address, onUp }))
    }
  }

  async #pullBind(): Promise<string> {
    const { pullBind, pushConnect } = this.#options
    if (pullBind !== undefined) return pullBind
    const remote = pushConnect.find((address) => !isLoopback(address))
    return `tcp://${remote === undefined ? '127.0.0.1' : await localHostTowards(remote)}:*`
  }

  /** A manager is reachable: a beat at once, so that it need not wait for the next one. */
  #sayHello(): void {
    if (this.#state === 'running') this.#handle({ type: 'HelloWanted', nowMs: systemClock.nowMs() })
  }

  #receive(frames: Frames): void {
    try {
      const header = unpackHeader(frames[0])
      const nowMs = systemClock.nowMs()
      if (header.type === 'open') {
        const open = decodeOpen(header)
        this.#handle({ type: 'StreamOpened', nowMs, open })
        this.#options.onManager?.(open.manager)
      } else if (header.type === 'orders') {
        this.#handle({ type: 'OrdersReceived', nowMs, orders: decodeOrders(header, frames) })
      } else throw new WireError('unsupported', `a worker takes no "${header.type}"`)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#rejected.log('dropped a message that is not of the protocol', { reason: error.message })
    }
  }

  #handle(event: WorkerEvent): void {
    if (this.#protocol === undefined) return
    const starts: StartRun[] = []
    for (const effect of this.#protocol.handle(event)) {
      if (effect.type === 'StartRun') starts.push(effect)
      else this.#perform(effect)
    }
    if (starts.length > 0) void this.#start(starts)
    this.#armTimer()
  }

  /** User code may block the loop at once: first the acknowledgements must have left it. */
  async #start(starts: readonly StartRun[]): Promise<void> {
    await this.#flushed()
    for (const start of starts) {
      this.#options.checkpoint?.('worker.beforeStart')
      this.#run(start)
    }
  }

  /** What was sent has left this loop. */
  async #flushed(): Promise<void> {
    await Promise.all([...this.#pushes.values()].map((push) => push.flushed()))
  }

  #perform(effect: Exclude<WorkerEffect, StartRun>): void {
    switch (effect.type) {
      case 'SendReport':
        return this.#send(effect)
      case 'SayHello':
        return this.#sendHello(effect)
      case 'Introduce':
        return this.#introduce(effect)
      case 'AbortRun':
        return this.#runs.get(effect.run)?.abort(effect.reason)
      case 'RunStuck':
        return this.#stuck(effect.jobId)
      case 'DrainOrdered':
        return this.#options.onDrainOrdered?.()
      case 'ResumeOrdered':
        return this.#options.onResumeOrdered?.()
      case 'Drained':
        this.#isDrained = true
        this.#whenDrained?.()
        if (this.#state === 'running') this.#options.onDrained?.()
        return
    }
  }

  #stuck(jobId: string): void {
    this.#options.logger.error('a run ignores its abort: its slot is lost', { jobId })
    this.#options.onStuck?.(jobId)
  }

  /** To the stream's manager when that is one of ours; otherwise (behind a relay) on every PUSH. */
  #send({ pull, report }: Extract<WorkerEffect, { type: 'SendReport' }>): void {
    const isBeat = report.info !== undefined
    const frames = encodeReport(isBeat ? { ...report, health: this.#health.look() } : report)
    const link = this.#pushes.get(pull)
    if (link !== undefined) link.send(frames)
    else for (const push of this.#pushes.values()) push.send(frames)
    const { checkpoint } = this.#options
    if (checkpoint === undefined || report.results.length === 0) return
    void this.#flushed().then(() => checkpoint('worker.resultsSent'))
  }

  #sendHello({ except, report }: Extract<WorkerEffect, { type: 'SayHello' }>): void {
    const others = [...this.#pushes].filter(([address]) => !except.includes(address))
    if (others.length === 0) return
    const frames = encodeReport(report)
    for (const [, push] of others) push.send(frames)
  }

  /** Whoever sent us the address may have made it up: one that is none is dropped. */
  #introduce({ pull, report }: Extract<WorkerEffect, { type: 'Introduce' }>): void {
    const frames = encodeReport(report)
    for (const push of this.#pushes.values()) push.send(frames)
    if (this.#pushes.has(pull)) return
    try {
      this.#introductions.send(pull, frames, systemClock.nowMs())
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#rejected.log('a manager that looks for another worker cannot be told', { reason })
    }
  }

  #run(start: StartRun): void {
    const { run, instructions } = start
    const context = new RunContext(start, this.#contextParts)
    this.#runs.set(run, context)
    const startedMs = performance.now()
    const { phase, traceRun } = this.#options
    const execute = () => executePhase(phase, this.#instance, instructions, context)
    const outcome = traceRun === undefined ? execute() : traceRun(context, execute)
    this.#options.checkpoint?.('worker.running')
    if (!(outcome instanceof Promise)) return this.#ran(run, startedMs, outcome)
    void outcome.then((settled) => this.#ran(run, startedMs, settled))
  }

  #ran(run: number, startedMs: number, outcome: Outcome): void {
    this.#options.checkpoint?.('worker.afterRun')
    const context = this.#runs.get(run)
    if (context !== undefined) this.#failures.ended(context, outcome)
    this.#runs.delete(run)
    this.#ended.push({ run, outcome, durationMs: performance.now() - startedMs })
    if (this.#ended.length === 1) queueMicrotask(() => this.#tellEnded())
  }

  /** The next runs begin at once; what ends in one turn of the loop is sent in one message. */
  #tellEnded(): void {
    const ended = this.#ended
    this.#ended = []
    this.#handle({ type: 'RunsEnded', nowMs: systemClock.nowMs(), ended })
    if (this.#isTurnPlanned) return
    this.#isTurnPlanned = true
    setImmediate(() => {
      this.#isTurnPlanned = false
      this.#handle({ type: 'TurnEnded', nowMs: systemClock.nowMs() })
    })
  }

  #armTimer(): void {
    const deadlineMs = this.#protocol?.nextDeadlineMs ?? Infinity
    if (deadlineMs >= this.#timerAtMs || this.#state === 'stopped') return
    clearTimeout(this.#timer)
    this.#timerAtMs = deadlineMs
    const delayMs = Math.max(0, deadlineMs - systemClock.nowMs())
    this.#sleepWatch.armed(deadlineMs)
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Infinity
      // One look at the clock for all: a sleep that begins in here is seen when the next timer is late.
      const nowMs = systemClock.nowMs()
      const ms = this.#sleepWatch.fired(nowMs)
      if (ms > 0) this.#handle({ type: 'WasAsleep', nowMs, ms })
      this.#feed?.beat()
      this.#introductions.closeIdle(nowMs)
      this.#handle({ type: 'TimerFired', nowMs })
    }, delayMs)
  }

  #close(): void {
    clearTimeout(this.#timer)
    this.#health.stop()
    this.#protocol = undefined
    this.#door?.close()
    this.#feed?.close()
    this.#introductions.close()
    for (const link of this.#pushes.values()) link.close()
  }
}
