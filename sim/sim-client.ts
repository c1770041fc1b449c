/**
 * A client around the real outbox machine: enqueues in small batches, sends again after silence, to whoever
 * may own the shard, and remembers what was acknowledged.
 */
import { ClientOutbox } from '../src/core/client-outbox.ts'
import type { Effect } from '../src/core/effect.ts'
import type { SubmittedJob } from '../src/core/event.ts'
import { Process } from './process.ts'
import type { SimManager } from './sim-manager.ts'
import type { World } from './world.ts'

type Ask =
  | { readonly type: 'enqueue'; readonly jobs: readonly SubmittedJob[] }
  | { readonly type: 'cancel'; readonly id: string }

type Answer = Extract<Effect, { type: 'AnswerClient' | 'AnswerCancel' }>

const resendMs = 1_000
const giveUpMs = 3_600_000
const utf8 = new TextEncoder()

export class SimClient extends Process {
  readonly #outbox = new ClientOutbox({ resendMs, inFlightMax: 3 })
  readonly #asks = new Map<number, Ask>()
  #requests = 0
  #manager = 0
  /** Ids that the store has, by the client's knowledge. */
  readonly acknowledged = new Set<string>()
  /** Ids that were refused for good, or cancelled by this client. */
  readonly refused = new Set<string>()

  constructor(world: World) {
    super(world, 'client')
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

  cancel(id: string): void {
    this.#ask({ type: 'cancel', id })
  }

  /** From a manager, as its answer leaves. */
  answerLeaves(manager: SimManager, answer: Answer): void {
    this.world.network.send(manager, this, () => this.#answered(answer))
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
    const { managers } = this.world
    // Nobody answered the last time: perhaps the other one owns the shard.
    this.#manager += this.world.chance.int(0, 1)
    const manager = managers[this.#manager % managers.length]
    if (manager === undefined) return
    const key = String(request)
    this.world.network.send(this, manager, () => {
      const { nowMs } = this.world
      if (ask.type === 'cancel') {
        manager.receive({ type: 'CancelRequested', nowMs, request: key, id: ask.id })
      } else manager.receive({ type: 'JobsSubmitted', nowMs, request: key, jobs: ask.jobs })
    })
  }

  #answered(answer: Answer): void {
    const request = Number(answer.request)
    const ask = this.#asks.get(request)
    if (ask === undefined) return
    if (answer.type === 'AnswerCancel') {
      this.world.saw(`cancel: ${answer.outcome}`)
      return this.#end(request)
    }
    const open = ask.type === 'enqueue' ? this.#tell(ask.jobs, answer) : []
    if (open.length === 0) return this.#end(request)
    this.#asks.set(request, { type: 'enqueue', jobs: open })
    this.#outbox.postponed(this.world.nowMs, request, this.world.chance.int(100, 400))
  }

  /** Notes what was answered; returns what is to be tried again. */
  #tell(
    jobs: readonly SubmittedJob[],
    answer: Extract<Answer, { type: 'AnswerClient' }>,
  ): SubmittedJob[] {
    const outcomes = new Map(answer.items.map(({ id, outcome }) => [id, outcome]))
    const stored: string[] = []
    const open: SubmittedJob[] = []
    for (const job of jobs) {
      const outcome = outcomes.get(job.id)
      if (outcome !== undefined) this.world.saw(`enqueue: ${outcome}`)
      if (outcome === 'stored' || outcome === 'duplicate') stored.push(job.id)
      else if (outcome === 'busy' || outcome === 'full') open.push(job)
      else if (outcome === 'expired') this.refused.add(job.id)
    }
    for (const id of stored) this.acknowledged.add(id)
    if (stored.length > 0) this.world.acknowledged(stored)
    return open
  }

  #end(request: number): void {
    this.#asks.delete(request)
    this.#outbox.answered(request)
  }
}
