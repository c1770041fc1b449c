/**
 * Requests of a client that wait for their answer: sent when a connection stands, sent again on a new
 * one or after silence, until answered or out of time. Sending twice is safe, since jobs carry ids that
 * the client chose. Pure: time comes in, orders go out.
 */
import { TransientMap } from './transient-map.ts'

export interface ClientOutboxLimits {
  /** A request without an answer is sent again after this. */
  readonly resendMs: number
  /** Requests under way at once; the others wait in order. Waits are not counted: they may last for a day. */
  readonly inFlightMax: number
}

/** What to do: send the message of this request, or tell its caller that the time is over. */
export interface ClientOrder {
  readonly type: 'send' | 'giveUp'
  readonly request: number
}

interface Entry {
  readonly request: number
  readonly deadlineMs: number
  readonly isResent: boolean
  sentMs: number
  notBeforeMs: number
}

export class ClientOutbox {
  readonly #limits: ClientOutboxLimits
  /** Under way, at most `inFlightMax`. */
  readonly #sent = new TransientMap<number, Entry>()
  /** Under way too, and not sent again on silence: a thousand of them must not hold up everything else. */
  readonly #waits = new TransientMap<number, Entry>()
  /** To be sent, in order. */
  readonly #unsent = new TransientMap<number, Entry>()
  #isConnected = false
  /** No request is out of time before. */
  #earliestDeadlineMs = Infinity

  constructor(limits: ClientOutboxLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#sent.size + this.#waits.size + this.#unsent.size
  }

  /** `isResent`: whether silence is a reason to send again; a long `wait` is sent again only on a new connection. */
  submit(nowMs: number, request: number, options: { timeoutMs: number; isResent: boolean }): void {
    const deadlineMs = nowMs + options.timeoutMs
    const { isResent } = options
    this.#unsent.set(request, { request, deadlineMs, isResent, sentMs: 0, notBeforeMs: 0 })
    this.#earliestDeadlineMs = Math.min(this.#earliestDeadlineMs, deadlineMs)
  }

  /** A connection stands (again): whatever has no answer goes out once more, the oldest first. */
  connected(): void {
    this.#isConnected = true
    const entries = [...this.#sent, ...this.#waits, ...this.#unsent].sort(([a], [b]) => a - b)
    this.#sent.clear()
    this.#waits.clear()
    this.#unsent.clear()
    for (const [request, entry] of entries) this.#unsent.set(request, entry)
  }

  disconnected(): void {
    this.#isConnected = false
  }

  /** `false`: it was answered before. */
  answered(request: number): boolean {
    return this.#sent.delete(request) || this.#waits.delete(request) || this.#unsent.delete(request)
  }

  /** The manager is busy: again after a while. */
  postponed(nowMs: number, request: number, delayMs: number): void {
    const entry = this.#sent.get(request) ?? this.#unsent.get(request)
    if (entry === undefined) return
    this.#sent.delete(request)
    this.#unsent.set(request, entry)
    entry.notBeforeMs = nowMs + delayMs
  }

  /** What is to be done now. */
  orders(nowMs: number): readonly ClientOrder[] {
    const orders: ClientOrder[] = []
    if (nowMs >= this.#earliestDeadlineMs) this.#giveUp(nowMs, orders)
    if (!this.#isConnected) return orders
    for (const entry of this.#sent.values()) {
      if (nowMs - entry.sentMs < this.#limits.resendMs) continue
      entry.sentMs = nowMs
      orders.push({ type: 'send', request: entry.request })
    }
    for (const entry of this.#unsent.values()) {
      if (this.#sent.size >= this.#limits.inFlightMax) break
      if (entry.notBeforeMs > nowMs) continue
      this.#unsent.delete(entry.request)
      const underWay = entry.isResent ? this.#sent : this.#waits
      underWay.set(entry.request, entry)
      entry.sentMs = nowMs
      orders.push({ type: 'send', request: entry.request })
    }
    return orders
  }

  #giveUp(nowMs: number, orders: ClientOrder[]): void {
    this.#earliestDeadlineMs = Infinity
    const all = [...this.#sent.values(), ...this.#waits.values(), ...this.#unsent.values()]
    for (const { request, deadlineMs } of all) {
      if (deadlineMs > nowMs) {
        this.#earliestDeadlineMs = Math.min(this.#earliestDeadlineMs, deadlineMs)
        continue
      }
      this.answered(request)
      orders.push({ type: 'giveUp', request })
    }
  }
}
