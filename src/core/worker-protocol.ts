/**
 * The worker's side of the protocol, as a pure machine: which grants it has, what runs, what waits in the
 * outbox, what it acknowledges and how much credit it gives.
 *
 * Theory of operation. Each owner (pipeline and shard) speaks on a stream, named by the owner's nonce.
 * Orders on it are numbered; they may arrive twice, late or never, and are taken once. The acknowledgement
 * of a grant leaves before its run starts, since a run may block the loop at once. What a run ends with
 * goes into the outbox and is sent until it is answered. A newer owner (higher epoch) takes over the
 * outbox; older ones are no longer listened to. What the worker can take is divided among its owners
 * (credit-sharing.ts).
 */
import type { Outcome, WorkerInfo, WorkerReport } from './event.ts'
import { CreditSharing } from './credit-sharing.ts'
import { Fifo } from './fifo.ts'
import { unreachable } from './invariant.ts'
import { MisledManagers } from './misled.ts'
import { Outbox } from './outbox.ts'
import { Prefetch, type PrefetchOptions } from './prefetch.ts'
import { isNewer, sameToken, type Token } from './token.ts'
import type {
  AbortReason,
  EndedRun,
  Orders,
  StreamOpen,
  WireOrder,
  WorkerEffect,
  WorkerEvent,
} from './worker-event.ts'
import { heldTokens, outcomeAfterAbort, outcomeOfStuck, putOff, type Run } from './worker-run.ts'
import { fallsSilent, newRun, nextStream, type Stream } from './worker-stream.ts'
import { TransientMap } from './transient-map.ts'

export interface WorkerProtocolConfig {
  readonly info: WorkerInfo
  readonly beatMs: number
  /** A result without an answer is sent again after this. */
  readonly resultResendMs: number
  /** A run that ignores its abort this long holds a stuck slot. */
  readonly abortGraceMs: number
  readonly prefetch: PrefetchOptions
  /** A prefetched job that has waited this long without any run ending is given back. */
  readonly prefetchHoldMs: number
  /** Results in one message … */
  readonly reportResultsMax: number
  /** … which ends with the one that brings its instructions to so many bytes. */
  readonly reportBytesMax: number
  /** With this many unanswered results the worker takes no more. */
  readonly outboxMax: number
}

export class WorkerProtocol {
  readonly #config: WorkerProtocolConfig
  readonly #streams = new Map<string, Stream>()
  readonly #runs = new TransientMap<number, Run>()
  readonly #outbox = new Outbox()
  readonly #misled: MisledManagers
  readonly #prefetch: Prefetch
  readonly #credit = new CreditSharing()
  readonly #queue = new Fifo<Run>()
  #lastRun = 0
  #running = 0
  #stuck = 0
  /** Runs that go on although their owner has given them up. */
  #superseded = 0
  #nextBeatMs = 0
  #earliestDeadlineMs = Infinity
  #lastEndMs = 0
  #hellos = 0
  /** Takes no more: until a manager takes that back, or for good. */
  #leaving: 'ordered' | 'stopping' | undefined
  #drained = false
  #nowMs = 0
  #effects: WorkerEffect[] = []

  constructor(config: WorkerProtocolConfig) {
    this.#config = config
    this.#prefetch = new Prefetch(config.prefetch)
    this.#misled = new MisledManagers(config.beatMs)
  }

  get nextDeadlineMs(): number {
    return Math.min(this.#nextBeatMs, this.#earliestDeadlineMs, this.#holdDeadlineMs())
  }

  /** Slots in use, jobs that wait for one, results without an answer, slots lost to stuck runs. */
  get load(): { running: number; queued: number; unanswered: number; stuck: number } {
    const unanswered = this.#outbox.size
    return { running: this.#running, queued: this.#queue.size, unanswered, stuck: this.#stuck }
  }

  get #isLeaving(): boolean {
    return this.#leaving !== undefined
  }

  handle(event: WorkerEvent): readonly WorkerEffect[] {
    this.#nowMs = event.nowMs
    this.#route(event)
    this.#shareCredit()
    this.#checkDrained()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #route(event: WorkerEvent): void {
    switch (event.type) {
      case 'StreamOpened':
        return this.#opened(event.open)
      case 'OrdersReceived':
        return this.#received(event.orders)
      case 'RunsEnded':
        for (const ended of event.ended) this.#ended(ended)
        return this.#startQueued()
      case 'TurnEnded':
        return this.#sendUnsent()
      case 'TimerFired':
        return this.#timer()
      case 'WasAsleep':
        for (const run of this.#runs.values()) putOff(run, event.ms, event.nowMs)
        return
      case 'HelloWanted':
        return this.#sayHello([])
      case 'DrainRequested':
        return this.#drain('stopping')
      case 'DrainOverdue':
        for (const run of this.#runs.values()) {
          if (run.state === 'running') this.#abort(run, 'shutdown')
        }
        return
      default:
        return unreachable(event)
    }
  }

  /** A manager's `open`: the stream goes on if it is known, and the roll is answered at once. */
  #opened(open: StreamOpen): void {
    const { info } = this.#config
    if (open.incarnation !== info.incarnation) {
      this.#misled.opened(open, this.#nowMs)
      return this.#introduce(open)
    }
    const owner = `${open.pipeline}/${open.shard}`
    let stream = this.#streams.get(owner)
    if (stream !== undefined && open.epoch < stream.open.epoch) return
    if (stream?.open.stream !== open.stream) {
      stream = nextStream(owner, open, stream)
      this.#streams.set(owner, stream)
      this.#credit.opened(owner)
    }
    stream.ping = Math.max(stream.ping, open.ping)
    stream.heardMs = this.#nowMs
    this.#outbox.sendAgain(owner, this.#nowMs)
    this.#beat(stream)
    this.#sendUnsent()
  }

  #received(orders: Orders): void {
    if (orders.incarnation !== this.#config.info.incarnation) {
      const open = this.#misled.toBeToldAgain(orders, this.#nowMs)
      if (open !== undefined) this.#introduce(open)
      return
    }
    const stream = this.#streamNamed(orders.stream)
    if (stream === undefined) return
    const isPinged = orders.ping > stream.ping
    if (isPinged) stream.ping = orders.ping
    stream.heardMs = this.#nowMs
    this.#credit.heard(stream.owner, orders)
    for (const { entry } of orders.answers) this.#outbox.answered(entry)
    let taken = 0
    for (const order of orders.orders) {
      if (!stream.receiver.take(order.order)) continue
      taken += 1
      this.#take(stream, order)
    }
    // The acknowledgement goes first: what starts now may block the loop.
    if (isPinged && this.#isBeatNear()) this.#beatNow()
    else if (taken > 0) this.#report(stream, {})
    this.#startQueued()
    this.#sendUnsent()
  }

  #take(stream: Stream, order: WireOrder): void {
    switch (order.type) {
      case 'skip':
        return
      case 'abort':
        return this.#abortOrdered(order.token, order.reason)
      case 'grant':
        return this.#granted(stream, order)
      case 'drain':
      case 'resume':
        if (order.order < stream.lastWill) return
        stream.lastWill = order.order
        return order.type === 'drain' ? this.#drainOrdered() : this.#resumeOrdered()
      default:
        return unreachable(order)
    }
  }

  #granted(stream: Stream, order: Extract<WireOrder, { type: 'grant' }>): void {
    const { token, jobId } = order
    this.#lastRun += 1
    const run = newRun(this.#lastRun, stream, order, this.#nowMs)
    const older = stream.newest.get(jobId)
    if (older !== undefined && !isNewer(token, older.token)) return
    if (this.#isLeaving) return this.#giveBack(run, 'the worker drains')
    if (older !== undefined) this.#abort(older, 'superseded')
    this.#runs.set(run.number, run)
    stream.newest.set(jobId, run)
    this.#queue.push(run)
    this.#credit.came(stream.owner)
  }

  #startQueued(): void {
    const slots = this.#config.info.concurrency
    while (this.#running < slots) {
      const run = this.#queue.take()
      if (run === undefined) return
      this.#start(run)
    }
  }

  #start(run: Run): void {
    this.#running += 1
    run.state = 'running'
    run.startedMs = this.#nowMs
    run.deadlineMs = this.#nowMs + run.timeoutMs
    if (run.deadlineMs < this.#earliestDeadlineMs) this.#earliestDeadlineMs = run.deadlineMs
    const { number, token, pipeline, jobId, phase, attempt, instructions } = run
    this.#effects.push({
      type: 'StartRun',
      run: number,
      token,
      pipeline,
      jobId,
      phase,
      attempt,
      instructions,
    })
  }

  #ended({ run: number, outcome, durationMs }: EndedRun): void {
    const run = this.#runs.get(number)
    if (run === undefined) return
    this.#forget(run)
    this.#running -= 1
    this.#lastEndMs = this.#nowMs
    this.#prefetch.ran(durationMs)
    // Its fate was told when it got stuck, or nobody wants to hear of it but of its slot.
    if (run.state === 'stuck') this.#stuck -= 1
    else if (run.abort === 'superseded') this.#reportTo(run.owner)
    else this.#putIntoOutbox(run, outcomeAfterAbort(run, outcome))
  }

  #putIntoOutbox(run: Run, outcome: Outcome): void {
    const { token, jobId, phase, attempt, startedMs, owner } = run
    const endedMs = this.#nowMs
    this.#outbox.add(owner, { token, jobId, phase, attempt, startedMs, endedMs, outcome })
  }

  #giveBack(run: Run, reason: string): void {
    this.#forget(run)
    this.#putIntoOutbox(run, { type: 'released', reason })
  }

  #abortOrdered(token: Token, reason: AbortReason): void {
    const run = [...this.#runs.values()].find((one) => sameToken(one.token, token))
    if (run === undefined) return
    if (run.state === 'queued') {
      this.#queue.remove(run)
      this.#giveBack(run, reason)
    } else this.#abort(run, reason)
  }

  #abort(run: Run, reason: AbortReason): void {
    const before = run.abort
    if (before !== undefined && reason !== 'superseded') return
    if (before !== reason && run.state === 'running' && reason === 'superseded') {
      this.#superseded += 1
      this.#credit.left(run.owner)
    }
    run.abort = reason
    if (before !== undefined) return
    run.deadlineMs = this.#nowMs + this.#config.abortGraceMs
    this.#earliestDeadlineMs = Math.min(this.#earliestDeadlineMs, run.deadlineMs)
    if (run.state === 'queued') {
      this.#queue.remove(run)
      this.#forget(run)
    } else this.#effects.push({ type: 'AbortRun', run: run.number, reason })
  }

  #forget(run: Run): void {
    if (this.#runs.delete(run.number) && run.state !== 'stuck') this.#leaves(run)
    if (run.newest.get(run.jobId) === run) run.newest.delete(run.jobId)
  }

  /** It is no longer among what its owner has here. */
  #leaves(run: Run): void {
    if (run.state === 'running' && run.abort === 'superseded') this.#superseded -= 1
    else this.#credit.left(run.owner)
  }

  #timer(): void {
    if (this.#earliestDeadlineMs <= this.#nowMs) this.#runDeadlines()
    if (this.#holdDeadlineMs() <= this.#nowMs) this.#giveBackQueued('did not start in time')
    if (this.#nextBeatMs <= this.#nowMs) this.#beatNow()
    this.#sendUnsent()
  }

  /**
   * Then a ping is answered by the beat: those of all workers arrive together, behind the pings that were sent
   * together, and the manager wakes up for many of them at once.
   */
  #isBeatNear(): boolean {
    return this.#nextBeatMs - this.#nowMs < this.#config.beatMs / 2
  }

  #beatNow(): void {
    this.#nextBeatMs = this.#nowMs + this.#config.beatMs
    for (const stream of this.#streams.values()) {
      this.#outbox.sendAgain(stream.owner, this.#nowMs - this.#config.resultResendMs)
      if (fallsSilent(stream, this.#nowMs, this.#config.beatMs)) {
        this.#credit.fellSilent(stream.owner)
      }
    }
    this.#beatAll()
  }

  #runDeadlines(): void {
    this.#earliestDeadlineMs = Infinity
    for (const run of this.#runs.values()) {
      if (run.state !== 'running') continue
      if (run.deadlineMs <= this.#nowMs) {
        if (run.abort === undefined) this.#abort(run, 'timedOut')
        else this.#getStuck(run)
      }
      if (run.state === 'running') {
        this.#earliestDeadlineMs = Math.min(this.#earliestDeadlineMs, run.deadlineMs)
      }
    }
  }

  #getStuck(run: Run): void {
    this.#leaves(run)
    run.state = 'stuck'
    this.#stuck += 1
    const outcome = outcomeOfStuck(run)
    if (outcome !== undefined) this.#putIntoOutbox(run, outcome)
    this.#effects.push({ type: 'RunStuck', run: run.number, jobId: run.jobId })
  }

  /** When the queued jobs have waited too long behind runs that do not end. */
  #holdDeadlineMs(): number {
    const head = this.#queue.first
    if (head === undefined) return Infinity
    return Math.max(head.receivedMs, this.#lastEndMs) + this.#config.prefetchHoldMs
  }

  #giveBackQueued(reason: string): void {
    for (const run of this.#queue.takeAll()) this.#giveBack(run, reason)
    this.#prefetch.forget()
  }

  #drainOrdered(): void {
    if (this.#isLeaving) return
    this.#effects.push({ type: 'DrainOrdered' })
    this.#drain('ordered')
  }

  #resumeOrdered(): void {
    if (this.#leaving !== 'ordered' || this.#drained) return
    this.#leaving = undefined
    this.#effects.push({ type: 'ResumeOrdered' })
    this.#beatAll()
  }

  #drain(why: 'ordered' | 'stopping'): void {
    this.#leaving = why
    this.#giveBackQueued('the worker drains')
    this.#beatAll()
    this.#sendUnsent()
  }

  #checkDrained(): void {
    if (!this.#isLeaving || this.#drained) return
    const busy = this.#running - this.#stuck + this.#outbox.size
    if (busy > 0) return
    this.#drained = true
    this.#effects.push({ type: 'Drained' })
  }

  #sendUnsent(): void {
    if (!this.#outbox.hasUnsent) return
    const most = { results: this.#config.reportResultsMax, bytes: this.#config.reportBytesMax }
    for (const stream of this.#streams.values()) {
      for (;;) {
        const results = this.#outbox.takeUnsent(stream.owner, this.#nowMs, most)
        if (results.length === 0) break
        this.#report(stream, { results })
      }
    }
  }

  /** A beat on every stream, and a hello for who hears none of them. */
  #beatAll(): void {
    const streams = [...this.#streams.values()]
    for (const stream of streams) this.#beat(stream)
    this.#sayHello(streams.map(({ open }) => open.pull))
  }

  #beat(stream: Stream): void {
    const held = heldTokens(stream.owner, this.#runs.values(), this.#outbox)
    this.#report(stream, { info: this.#config.info, held })
  }

  #report(stream: Stream, more: Partial<WorkerReport>): void {
    stream.reports += 1
    const { through, also } = stream.receiver
    const { pipeline, shard, stream: nonce } = stream.open
    // With one owner alone nothing has to be told beforehand: it gets what there is by now.
    if (this.#streams.size === 1) this.#credit.divide(this.#creditInAll())
    const credit = this.#credit.limitOf(stream.owner)
    this.#credit.told(stream.owner, stream.reports)
    const report = {
      ...{ incarnation: this.#config.info.incarnation, stream: nonce, pipeline, shard },
      ...{ number: stream.reports, credit, ping: stream.ping, through, also },
      ...{ leaving: this.#isLeaving, results: [] },
      ...(this.#stuck === 0 ? {} : { stuck: this.#stuck }),
      ...more,
    }
    this.#effects.push({ type: 'SendReport', pull: stream.open.pull, report })
  }

  /** For managers that do not know this worker yet. */
  #hello(): WorkerReport {
    this.#hellos += 1
    const { info } = this.#config
    return {
      ...{ incarnation: info.incarnation, stream: '', number: this.#hellos, credit: 0, ping: 0 },
      ...{ through: 0, also: [], leaving: this.#isLeaving, results: [], info },
    }
  }

  #sayHello(except: readonly string[]): void {
    this.#effects.push({ type: 'SayHello', except, report: this.#hello() })
  }

  /** To a manager that looks for who was here before: say who is here now. */
  #introduce({ incarnation, pull }: StreamOpen): void {
    const report = { ...this.#hello(), insteadOf: incarnation }
    this.#effects.push({ type: 'Introduce', pull, report })
  }

  /** Slots that work, and a prefetch. */
  #creditInAll(): number {
    if (this.#isLeaving || this.#outbox.size >= this.#config.outboxMax) return 0
    const slots = this.#config.info.concurrency - this.#stuck - this.#superseded
    return slots <= 0 ? 0 : slots + this.#prefetch.jobs(slots)
  }

  #shareCredit(): void {
    if (this.#streams.size < 2) return
    for (const owner of this.#credit.divide(this.#creditInAll())) this.#reportTo(owner)
  }

  /** What it has here, and its credit. */
  #reportTo(owner: string): void {
    const stream = this.#streams.get(owner)
    if (stream !== undefined) this.#report(stream, {})
  }

  #streamNamed(nonce: string): Stream | undefined {
    for (const stream of this.#streams.values()) if (stream.open.stream === nonce) return stream
    return undefined
  }
}
