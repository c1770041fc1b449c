/**
 * The manager's PUSH links, one per worker incarnation, and what is to be sent on them. A link is never
 * reused after it broke: on `disconnect` it is closed, the address is probed, and either a fresh link is
 * made or the worker is lost.
 */
import type { Effect, ResultAnswer } from '../core/effect.ts'
import type { Event, LossCause } from '../core/event.ts'
import type { WireOrder } from '../core/worker-event.ts'
import { formatAddress, isWildcard, parseAddress } from '../runtime/address.ts'
import { LimitedLog, type Logger } from '../runtime/logger.ts'
import { localHostTowards } from '../runtime/this-machine.ts'
import type { Link, Transport } from '../transport/contract.ts'
import { encodeOpen, encodeOrders } from '../wire/orders.ts'

export interface WorkerLinksParts {
  readonly transport: Transport
  readonly logger: Logger
  readonly identity: {
    readonly manager: string
    readonly pipeline: string
    readonly shard: number
    readonly epoch: number
    readonly nonce: string
    /** Address of the pull door; a wildcard is told to each worker as the address that it can reach. */
    readonly pull: string
  }
  nowMs(): number
  handle(event: Event): void
}

interface WorkerLink {
  readonly incarnation: string
  readonly address: string
  /** Our pull door, as this worker should see it. */
  pull: string
  link: Link
  ping: number
  seen: number
  waiting: number
  orders: WireOrder[]
  orderBytes: number
  answers: { entry: number; answer: ResultAnswer }[]
  isDirty: boolean
}

const messageOrdersMax = 256
const messageBytesMax = 4 * 1024 * 1024
const probeTimeoutMs = 3_000
/** The pause after a first answer that a door is still open; it doubles. */
const probePauseMs = 50
const probePauseMsMax = 1_000

/** The effects that go to workers. */
export type WorkerEffect = Extract<
  Effect,
  {
    type:
      | 'ConnectWorker'
      | 'DisconnectWorker'
      | 'OpenStream'
      | 'Grant'
      | 'Skip'
      | 'Abort'
      | 'Drain'
      | 'Resume'
      | 'Ping'
      | 'AnswerResult'
  }
>

function grantOrder(effect: Extract<WorkerEffect, { type: 'Grant' }>): WireOrder {
  const { order, token, jobId, phase, attempt, timeoutMs, instructions } = effect
  return { type: 'grant', order, token, jobId, phase, attempt, timeoutMs, instructions }
}

export class WorkerLinks {
  readonly #parts: WorkerLinksParts
  readonly #links = new Map<string, WorkerLink>()
  readonly #unreachable: LimitedLog
  #dirty: WorkerLink[] = []

  constructor(parts: WorkerLinksParts) {
    this.#parts = parts
    this.#unreachable = new LimitedLog(() => parts.nowMs(), parts.logger.warn)
  }

  perform(effect: WorkerEffect): void {
    const { incarnation } = effect
    if (effect.type === 'ConnectWorker') return this.#connect(effect)
    const link = this.#links.get(incarnation)
    if (link === undefined) return
    switch (effect.type) {
      case 'DisconnectWorker':
        this.#links.delete(incarnation)
        link.link.close()
        return
      case 'OpenStream':
        return this.#open(link, effect.nextOrder, effect.ping)
      case 'Ping':
        Object.assign(link, { ping: effect.ping, seen: effect.seen, waiting: effect.waiting })
        return this.#touch(link)
      case 'AnswerResult':
        link.answers.push(effect)
        return this.#touch(link)
      case 'Grant':
        return this.#order(link, grantOrder(effect), effect.instructions.length)
      case 'Abort':
        return this.#order(link, { ...effect, type: 'abort' }, 0)
      case 'Skip':
        return this.#order(link, { type: 'skip', order: effect.order }, 0)
      case 'Drain':
        return this.#order(link, { type: 'drain', order: effect.order }, 0)
      case 'Resume':
        return this.#order(link, { type: 'resume', order: effect.order }, 0)
    }
  }

  /** Sends what has gathered; work first, since an answer only lets a worker forget. */
  flush(): void {
    const dirty = this.#dirty
    this.#dirty = []
    for (const link of dirty) if (link.orders.length > 0) this.#send(link)
    for (const link of dirty) if (link.isDirty) this.#send(link)
  }

  close(): void {
    for (const { link } of this.#links.values()) link.close()
    this.#links.clear()
  }

  #order(link: WorkerLink, order: WireOrder, bytes: number): void {
    link.orders.push(order)
    link.orderBytes += bytes
    if (link.orders.length >= messageOrdersMax || link.orderBytes >= messageBytesMax) {
      this.#send(link)
    } else this.#touch(link)
  }

  #touch(link: WorkerLink): void {
    if (link.isDirty) return
    link.isDirty = true
    this.#dirty.push(link)
  }

  #send(link: WorkerLink): void {
    link.isDirty = false
    const { incarnation, orders, answers, ping, seen, waiting } = link
    link.orders = []
    link.answers = []
    link.orderBytes = 0
    if (this.#links.get(incarnation) !== link) return
    const { nonce, epoch } = this.#parts.identity
    const head = { incarnation, stream: nonce, epoch, ping, seen, waiting }
    link.link.send(encodeOrders({ ...head, orders, answers }))
  }

  #open(link: WorkerLink, nextOrder: number, ping: number): void {
    link.ping = ping
    const { manager, pipeline, shard, epoch, nonce } = this.#parts.identity
    const { incarnation, pull } = link
    link.link.send(
      encodeOpen({
        ...{ incarnation, manager, pipeline, shard, epoch, stream: nonce, pull },
        ...{ nextOrder, ping },
      }),
    )
  }

  #connect(effect: Extract<WorkerEffect, { type: 'ConnectWorker' }>): void {
    const { incarnation, address, mayBeGone } = effect
    const { pull } = this.#parts.identity
    const push = this.#tryPush(incarnation, address)
    if (push === undefined) {
      // Not at once: the core is in the middle of an event.
      setImmediate(() => this.#lost(incarnation, 'linkLost'))
      return
    }
    const link: WorkerLink = {
      incarnation,
      address,
      link: push,
      ping: 0,
      seen: 0,
      waiting: 0,
      orders: [],
      orderBytes: 0,
      answers: [],
      isDirty: false,
      pull,
    }
    this.#links.set(incarnation, link)
    if (isWildcard(pull)) void this.#findOwnAddress(link)
    if (mayBeGone === true) void this.#findOut(link)
  }

  /** A first `open` may leave before it is known; who has no jobs of ours yet need not know it. */
  async #findOwnAddress(link: WorkerLink): Promise<void> {
    try {
      const host = await localHostTowards(link.address)
      link.pull = formatAddress({ host, port: parseAddress(link.pull).port })
    } catch {
      // The worker's host cannot be resolved: it cannot be connected to either.
    }
  }

  #lost(incarnation: string, cause: LossCause): void {
    this.#parts.handle({ type: 'WorkerLost', nowMs: this.#parts.nowMs(), incarnation, cause })
  }

  /** Anybody may announce an address that is none, and descriptors may run out: no reason to end. */
  #tryPush(incarnation: string, address: string): Link | undefined {
    try {
      return this.#push(incarnation, address)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#unreachable.log('a worker cannot be connected to', { address, reason })
      return undefined
    }
  }

  #push(incarnation: string, address: string): Link {
    const { transport, logger } = this.#parts
    const nowMs = () => this.#parts.nowMs()
    return transport.connectPush({
      address,
      onUp: () => this.#parts.handle({ type: 'WorkerConnected', nowMs: nowMs(), incarnation }),
      onDown: () => void this.#broken(incarnation),
      onWrongPeer: () =>
        logger.warn('a worker announced an address that is no PULL door', { address }),
    })
  }

  async #broken(incarnation: string): Promise<void> {
    const link = this.#links.get(incarnation)
    if (link === undefined) return
    link.link.close()
    this.#parts.handle({ type: 'WorkerDisconnected', nowMs: this.#parts.nowMs(), incarnation })
    await this.#findOut(link, () => {
      link.link = this.#tryPush(incarnation, link.address) ?? link.link
    })
  }

  /**
   * Refused: the process is dead. Open: it, or its successor, is there, and the new stream will tell. Or
   * it is dying, and its door closes a moment after its connections: so it is asked again until a link
   * stands. `connect` makes a fresh link, when there is none.
   */
  async #findOut(link: WorkerLink, connect?: () => void): Promise<void> {
    const { incarnation, address } = link
    let isFresh = connect === undefined
    for (let pauseMs = probePauseMs; ; pauseMs = Math.min(2 * pauseMs, probePauseMsMax)) {
      const answer = await this.#parts.transport.probe(address, probeTimeoutMs)
      if (this.#links.get(incarnation) !== link) return
      this.#parts.logger.debug('a worker is not connected', { address, probe: answer })
      if (answer !== 'open') {
        return this.#lost(incarnation, answer === 'refused' ? 'refused' : 'linkLost')
      }
      if (!isFresh) connect?.()
      isFresh = true
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      if (this.#links.get(incarnation) !== link || link.link.isUp) return
    }
  }
}
