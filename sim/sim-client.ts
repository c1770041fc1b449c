/**
 * A client around the real outbox machine: enqueues in small batches, sends again after silence, to whoever
 * may own the shard, and remembers what was acknowledged.
 */
import { ClientOutbox } from '../src/core/client-outbox.ts'
import type { Effect } from '../src/core/effect.ts'
import type { SubmittedJob } from '../src/core/event.ts'
import { Process } from './process.ts'
import type { Network } from './network.ts'
import type { Receiver } from './sim-worker.ts'
import type { Surroundings } from './surroundings.ts'

/** What people order, without time and request. */
export type Order =
  | { readonly type: 'CancelRequested'; readonly id: string }
  | { readonly type: 'RedriveRequested' | 'DiscardRequested'; readonly ids: readonly string[] }
  | { readonly type: 'PauseRequested' | 'ResumeRequested'; readonly phases?: readonly number[] }
  | {
      readonly type: 'WorkerDrainRequested' | 'WorkerResumeRequested'
      readonly worker: string
    }

type Ask =
  | { readonly type: 'enqueue'; readonly jobs: readonly SubmittedJob[] }
  | { readonly type: 'order'; readonly order: Order }

export type Answer = Extract<
  Effect,
  { type: `Answer${'Client' | 'Cancel' | 'Dead' | 'Pause' | 'Drain'}` }
>

const resendMs = 1_000
/** Longer than a host is suspended: what was given up is neither stored nor refused. */
const giveUpMs = 4 * 3_600_000
const utf8 = new TextEncoder()

export interface SimClientParts {
  readonly network: Network
  managers(): readonly Receiver[]
}

export class SimClient extends Process {
  readonly #parts: SimClientParts
  readonly #outbox = new ClientOutbox({ resendMs, inFlightMax: 3 })
  readonly #asks = new Map<number, Ask>()
  #requests = 0
  #manager = 0
  /** Ids that the store has, by the client's knowledge. */
  readonly acknowledged = new Set<string>()
  /** Ids that were refused for good, or cancelled by this client. */
  readonly refused = new Set<string>()

  constructor(world: Surroundings, parts: SimClientParts) {
    super(world, 'client')
    this.#parts = parts
  }

  start(): void {
    this.begin()
    this.#outbox.connected()
    this.#work()
  }

  get isDone(): boolean {
    return this.#outbox.size === 0
  }

  enqueue(ids: readonly string[]): void {
    const { chance, knobs, nowMs } = this.world
    const jobs = ids.map((id): SubmittedJob => {
      const priority = knobs.priorities ? chance.int(-2, 2) : 0
      const instructions = utf8.encode(`{"id":"${id}"}`)
      return { id, priority, instructions, checksum: 1, sentMs: nowMs }
    })
    this.#ask({ type: 'enqueue', jobs })
  }

  /** The same ids once more; with other instructions it is a conflict. */
  repeat(id: string, isConflict: boolean): void {
    const checksum = isConflict ? 2 : 1
    const instructions = utf8.encode(`{"id":"${id}"}`)
    const job = { id, priority: 0, instructions, checksum, sentMs: this.world.nowMs }
    if (isConflict && !this.acknowledged.has(id)) return
    this.#ask({ type: 'enqueue', jobs: [job] })
  }

  order(order: Order): void {
    this.#ask({ type: 'order', order })
  }

  /** From a manager, as its answer leaves. */
  answerLeaves(manager: Process, answer: Answer): void {
    this.#parts.network.send(manager, this, () => this.#answered(answer))
  }

  #ask(ask: Ask): void {
    this.#requests += 1
    this.#asks.set(this.#requests, ask)
    const options = { timeoutMs: giveUpMs, isResent: true }
    this.#outbox.submit(this.world.nowMs, this.#requests, options)
  }

  #work(): void {
    for (const { type, request } of this.#outbox.orders(this.world.nowMs)) {
      const ask = this.#asks.get(request)
      if (type === 'send' && ask !== undefined) this.#send(request, ask)
    }
    this.later(200, () => this.#work())
  }

  #send(request: number, ask: Ask): void {
    const managers = this.#parts.managers()
    // Nobody answered the last time: perhaps the other one owns the shard.
    this.#manager += this.world.chance.int(0, 1)
    const manager = managers[this.#manager % managers.length]
    if (manager === undefined) return
    const key = String(request)
    this.#parts.network.send(this, manager, () => {
      const { nowMs } = this.world
      if (ask.type === 'order') manager.receive({ ...ask.order, nowMs, request: key })
      else manager.receive({ type: 'JobsSubmitted', nowMs, request: key, jobs: ask.jobs })
    })
  }

  #answered(answer: Answer): void {
    const request = Number(answer.request)
    const ask = this.#asks.get(request)
    if (ask === undefined) return
    if (answer.type !== 'AnswerClient' || ask.type === 'order') {
      this.#ordered(answer)
      return this.#end(request)
    }
    const open = this.#tell(ask.jobs, answer)
    if (open.length === 0) return this.#end(request)
    this.#asks.set(request, { type: 'enqueue', jobs: open })
    this.#outbox.postponed(this.world.nowMs, request, this.world.chance.int(100, 400))
  }

  #ordered(answer: Answer): void {
    const saw = (what: string) => this.world.saw(what)
    if (answer.type === 'AnswerCancel') saw(`cancel: ${answer.outcome}`)
    if (answer.type === 'AnswerDead')
      for (const { outcome } of answer.items) saw(`dead: ${outcome}`)
    if (answer.type === 'AnswerPause' && answer.paused.length > 0) saw('paused')
    if (answer.type === 'AnswerDrain') saw(`drain: ${answer.outcome}`)
  }

  /** Notes what was answered; returns what is to be tried again. */
  #tell(
    jobs: readonly SubmittedJob[],
    answer: Extract<Answer, { type: 'AnswerClient' }>,
  ): SubmittedJob[] {
    const outcomes = new Map(answer.items.map(({ id, outcome }) => [id, outcome]))
    const open: SubmittedJob[] = []
    for (const job of jobs) {
      const outcome = outcomes.get(job.id)
      if (outcome !== undefined) this.world.saw(`enqueue: ${outcome}`)
      if (outcome === 'stored' || outcome === 'duplicate') this.acknowledged.add(job.id)
      else if (outcome === 'busy' || outcome === 'full') open.push(job)
      else if (outcome === 'expired') this.refused.add(job.id)
    }
    return open
  }

  #end(request: number): void {
    this.#asks.delete(request)
    this.#outbox.answered(request)
  }
}
