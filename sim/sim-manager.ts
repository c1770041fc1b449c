/**
 * The shell of a manager, around the real owner machine: what `manager/` does with sockets, timers and a
 * store, done with the world's. It decides nothing.
 */
import type { Effect, ResultAnswer } from '../src/core/effect.ts'
import type { Event } from '../src/core/event.ts'
import { defaultLimits } from '../src/core/limits.ts'
import type { Group } from '../src/core/mutation.ts'
import { seededRng } from '../src/core/rng.ts'
import { ShardOwner } from '../src/core/shard-owner.ts'
import type { Step } from '../src/core/shard.ts'
import type { WireOrder } from '../src/core/worker-event.ts'
import type { Ownership } from './checker.ts'
import type { Connection, Network } from './network.ts'
import { Process } from './process.ts'
import type { Answer } from './sim-client.ts'
import { ttlMs, type SimStore } from './sim-store.ts'
import type { SimWorker } from './sim-worker.ts'
import type { Surroundings } from './surroundings.ts'

interface Link {
  readonly address: string
  connection: Connection<SimWorker>
  ping: number
  seen: number
  waiting: number
  orders: WireOrder[]
  answers: { entry: number; answer: ResultAnswer }[]
}

/** One ownership: it ends when it is fenced, when its lease is over, or with the process. */
interface Reign extends Ownership {
  readonly owner: ShardOwner
  readonly links: Map<string, Link>
  isCommitting: boolean
  isTurnPlanned: boolean
  loads: number
  timerAtMs: number
  renewedMs: number
}

const acquireEveryMs = 500
const retryMs = 50
const probeTimeoutMs = 3_000

export interface SimManagerParts {
  readonly store: SimStore
  readonly network: Network
  /** The worker that listens at an address. */
  listener(address: string): SimWorker | undefined
  onAnswer(manager: Process, answer: Answer): void
  onOwner(owner: Ownership): void
  onStep(owner: Ownership, event: Event, step: Step): void
  onEffect(owner: Ownership, effect: Effect): void
}

export class SimManager extends Process {
  readonly #parts: SimManagerParts
  #reign: Reign | undefined

  constructor(world: Surroundings, name: string, parts: SimManagerParts) {
    super(world, name)
    this.#parts = parts
  }

  get address(): string {
    return `tcp://${this.name}:5050`
  }

  get reign(): Ownership | undefined {
    return this.isUp ? this.#reign : undefined
  }

  /** No commit and no load is under way. */
  get isQuiet(): boolean {
    const reign = this.#reign
    return reign === undefined || (reign.owner.isIdle && !reign.isCommitting && reign.loads === 0)
  }

  start(): void {
    this.begin()
    this.#reign = undefined
    this.#seek()
  }

  kill(): void {
    if (!this.isUp) return
    if (this.#reign !== undefined) this.#count(this.#reign)
    for (const { connection } of this.#reign?.links.values() ?? []) connection.close()
    this.#reign = undefined
    this.end()
  }

  /** From a socket: a client's request, or what a worker sent or published. */
  receive(event: Event): void {
    if (this.#reign !== undefined) this.#handle(this.#reign, event)
  }

  /** Tells the world what an ownership has seen, when it ends. */
  #count({ owner }: Reign): void {
    const { adopted, resent } = owner.status().counters
    if (adopted > 0) this.world.saw('adoption')
    if (resent > 0) this.world.saw('resend')
  }

  #seek(): void {
    const { store } = this.#parts
    if (this.#reign === undefined && !store.isStalled) {
      const epoch = store.acquire(this.name)
      if (epoch !== undefined) this.#takeOver(epoch)
    }
    this.later(acquireEveryMs, () => this.#seek())
  }

  #takeOver(epoch: number): void {
    const { world } = this
    const { readyJobsMax, scheduledJobsMax, uncommittedInsertsMax, waitingJobsMax } = world.knobs
    const nonce = world.chance.nonce()
    const bounds = { readyJobsMax, scheduledJobsMax, uncommittedInsertsMax, waitingJobsMax }
    const owner: ShardOwner = new ShardOwner(
      {
        ...{ spec: world.spec, shard: 0, epoch, nonce },
        ...{ limits: { ...defaultLimits, ...bounds }, rng: seededRng(world.chance.seed()) },
      },
      (event, step) => this.#parts.onStep(reign, event, step),
    )
    const reign: Reign = {
      ...{ manager: this.name, epoch, nonce, owner, links: new Map(), isCommitting: false },
      ...{ isTurnPlanned: false, loads: 0, timerAtMs: Infinity, renewedMs: world.nowMs },
      status: () => owner.status(),
      holderOf: (id) => owner.holderOf(id),
    }
    this.#reign = reign
    this.#parts.onOwner(reign)
    this.#handle(reign, {
      ...{ type: 'OwnershipTaken', nowMs: world.nowMs, nextDueMs: undefined },
      ...this.#parts.store.shard.summary(),
    })
    this.#renewLater(reign)
  }

  #renewLater(reign: Reign): void {
    this.later(ttlMs / 3, () => {
      const { store } = this.#parts
      const { nowMs } = this.world
      if (this.#reign !== reign) return
      if (store.isStalled) {
        if (nowMs - reign.renewedMs > ttlMs) return this.#stepDown(reign)
      } else if (store.renew(this.name, reign.epoch)) reign.renewedMs = nowMs
      else return this.#stepDown(reign)
      this.#renewLater(reign)
    })
  }

  #stepDown(reign: Reign): void {
    if (this.#reign !== reign) return
    this.#count(reign)
    this.world.trace(`${this.name} steps down`)
    for (const { connection } of reign.links.values()) connection.close()
    this.#reign = undefined
  }

  #handle(reign: Reign, event: Event): void {
    if (this.#reign !== reign) return
    this.#perform(reign, reign.owner.handle(event))
    this.#planTurn(reign)
  }

  #planTurn(reign: Reign): void {
    this.#armTimer(reign)
    if (reign.isTurnPlanned) return
    reign.isTurnPlanned = true
    this.later(0, () => {
      reign.isTurnPlanned = false
      if (this.#reign === reign && !reign.isCommitting) this.#commitNext(reign)
    })
  }

  #armTimer(reign: Reign): void {
    const atMs = reign.owner.nextDeadlineMs
    if (atMs === undefined || atMs >= reign.timerAtMs) return
    reign.timerAtMs = atMs
    this.later(atMs - this.world.nowMs, () => {
      if (reign.timerAtMs !== atMs) return
      reign.timerAtMs = Infinity
      this.#handle(reign, { type: 'TimerFired', nowMs: this.world.nowMs })
    })
  }

  #commitNext(reign: Reign): void {
    const group = reign.owner.nextGroup()
    if (group === undefined) return
    reign.isCommitting = true
    this.#commit(reign, group)
  }

  #commit(reign: Reign, group: Group): void {
    const { life } = this
    this.#parts.store.commit(reign, group, (outcome) => {
      if (!this.isUp || this.life !== life) return
      this.soon(() => {
        if (this.#reign !== reign) return
        const { nowMs } = this.world
        const isInserts = group.mutations[0]?.type === 'insert'
        if (outcome.type === 'fenced') {
          this.world.saw('fenced commit')
          this.#stepDown(reign)
        } else if (outcome.type === 'committed') {
          this.#committed(reign, reign.owner.committed(group, outcome.answer, nowMs))
        } else if (outcome.type === 'full' && isInserts) {
          this.world.saw('full')
          this.#committed(reign, reign.owner.refused(group, nowMs))
        } else this.later(retryMs, () => this.#reign === reign && this.#commit(reign, group))
      })
    })
  }

  #committed(reign: Reign, effects: readonly Effect[]): void {
    reign.isCommitting = false
    this.#perform(reign, effects)
    this.#planTurn(reign)
  }

  #perform(reign: Reign, effects: readonly Effect[]): void {
    const dirty = new Set<string>()
    for (const effect of effects) {
      this.#parts.onEffect(reign, effect)
      this.#do(reign, effect, dirty)
    }
    for (const incarnation of dirty) this.#flush(reign, incarnation)
  }

  #do(reign: Reign, effect: Effect, dirty: Set<string>): void {
    switch (effect.type) {
      case 'AnswerClient':
      case 'AnswerCancel':
      case 'AnswerDead':
      case 'AnswerPause':
      case 'AnswerDrain':
        return this.#parts.onAnswer(this, effect)
      case 'TellSettled':
      case 'Publish':
        return
      case 'ConnectWorker':
        return this.#connect(reign, effect)
      case 'DisconnectWorker':
        reign.links.get(effect.incarnation)?.connection.close()
        reign.links.delete(effect.incarnation)
        return
      case 'LoadReady':
      case 'LoadDue':
      case 'LookUpJobs':
        return this.#load(reign, effect)
      case 'OpenStream':
        return this.#open(reign, effect)
      case 'Grant':
      case 'Abort':
      case 'Drain':
      case 'Resume':
      case 'Skip':
      case 'Ping':
      case 'AnswerResult':
        return this.#order(reign, effect, dirty)
    }
  }

  #order(reign: Reign, effect: Extract<Effect, { incarnation: string }>, dirty: Set<string>): void {
    const link = reign.links.get(effect.incarnation)
    if (link === undefined) return
    dirty.add(effect.incarnation)
    if (effect.type === 'Ping') {
      const { ping, seen, waiting } = effect
      Object.assign(link, { ping, seen, waiting })
    }
    if (effect.type === 'AnswerResult') link.answers.push(effect)
    else if (effect.type === 'Grant') link.orders.push({ ...effect, type: 'grant' })
    else if (effect.type === 'Abort') link.orders.push({ ...effect, type: 'abort' })
    else if (effect.type === 'Drain') link.orders.push({ type: 'drain', order: effect.order })
    else if (effect.type === 'Resume') link.orders.push({ type: 'resume', order: effect.order })
    else if (effect.type === 'Skip') link.orders.push({ type: 'skip', order: effect.order })
  }

  #open(reign: Reign, effect: Extract<Effect, { type: 'OpenStream' }>): void {
    const { incarnation, nextOrder, ping } = effect
    const link = reign.links.get(incarnation)
    if (link === undefined) return
    link.ping = ping
    const { epoch, nonce } = reign
    const open = {
      ...{ incarnation, manager: this.name, pipeline: 'sim', shard: 0, epoch, stream: nonce },
      ...{ pull: this.address, nextOrder, ping },
    }
    link.connection.send((to) => to.receiveOpen(open))
  }

  #flush(reign: Reign, incarnation: string): void {
    const link = reign.links.get(incarnation)
    if (link === undefined) return
    const { orders, answers, ping, seen, waiting } = link
    link.orders = []
    link.answers = []
    const { nonce: stream, epoch } = reign
    const message = { incarnation, stream, epoch, ping, seen, waiting, orders, answers }
    link.connection.send((to) => to.receiveOrders(message))
  }

  #connect(reign: Reign, effect: Extract<Effect, { type: 'ConnectWorker' }>): void {
    const { incarnation, address } = effect
    const connection = this.#push(reign, incarnation, address)
    const link = { address, connection, ping: 0, seen: 0, waiting: 0, orders: [], answers: [] }
    reign.links.set(incarnation, link)
    if (effect.mayBeGone === true) this.#lookAgain(reign, incarnation, link)
  }

  #push(reign: Reign, incarnation: string, address: string): Connection<SimWorker> {
    const { world } = this
    const { network, listener } = this.#parts
    return network.connect(this, () => listener(address), {
      onUp: () => this.#handle(reign, { type: 'WorkerConnected', nowMs: world.nowMs, incarnation }),
      onDown: () => this.#broken(reign, incarnation),
    })
  }

  #broken(reign: Reign, incarnation: string): void {
    const link = reign.links.get(incarnation)
    if (link === undefined) return
    link.connection.close()
    this.#handle(reign, { type: 'WorkerDisconnected', nowMs: this.world.nowMs, incarnation })
    this.#findOut(reign, incarnation, link)
  }

  /** As `WorkerLinks`: refused or unreachable is a loss, an open door is asked again until a link stands. */
  #findOut(reign: Reign, incarnation: string, link: Link): void {
    const { world } = this
    const listener = this.#parts.listener(link.address)
    const isCut = listener !== undefined && this.#parts.network.isCut(this, listener)
    const isDeaf = isCut || listener?.paused === 'stopped'
    this.later(isDeaf ? probeTimeoutMs : 1, () => {
      if (reign.links.get(incarnation) !== link) return
      if (isDeaf || listener === undefined) {
        const cause = isDeaf ? 'linkLost' : 'refused'
        this.#handle(reign, { type: 'WorkerLost', nowMs: world.nowMs, incarnation, cause })
        return
      }
      link.connection.close()
      link.connection = this.#push(reign, incarnation, link.address)
      this.#lookAgain(reign, incarnation, link)
    })
  }

  #lookAgain(reign: Reign, incarnation: string, link: Link): void {
    this.later(100, () => {
      if (reign.links.get(incarnation) !== link || link.connection.isUp) return
      this.#findOut(reign, incarnation, link)
    })
  }

  #load(
    reign: Reign,
    effect: Extract<Effect, { type: 'LoadReady' | 'LoadDue' | 'LookUpJobs' }>,
  ): void {
    const { life } = this
    const { store } = this.#parts
    const { load } = effect
    reign.loads += 1
    const done = (event: (nowMs: number) => Event) => {
      if (!this.isUp || this.life !== life) return
      this.soon(() => {
        reign.loads -= 1
        this.#handle(reign, event(this.world.nowMs))
      })
    }
    if (effect.type === 'LoadReady') {
      const { phase, after, limit } = effect
      store.read(
        () => store.shard.ready(phase, after, limit),
        (jobs) => {
          const exhausted = jobs.length < limit
          done((nowMs) => ({ type: 'ReadyLoaded', nowMs, load, phase, jobs, exhausted }))
        },
      )
    } else if (effect.type === 'LoadDue') {
      const { untilMs, after, limit } = effect
      store.read(
        () => store.shard.due({ untilMs, limit, ...(after === undefined ? {} : { after }) }),
        ({ jobs, nextDueMs }) =>
          done((nowMs) => ({ type: 'DueLoaded', nowMs, load, jobs, nextDueMs })),
      )
    } else {
      const { ids } = effect
      store.read(
        () => store.find(ids),
        (jobs) => done((nowMs) => ({ type: 'JobsLookedUp', nowMs, load, ids, jobs })),
      )
    }
  }
}
