/**
 * Requests of a client that wait for their answer: sent when a connection stands, sent again on a new
 * one or after silence, until answered or out of time. Sending twice is safe, since jobs carry ids that
 * the client chose. Pure: time comes in, orders go out.
 */
export interface ClientOutboxLimits {
  /** A request without an answer is sent again after this. */
  readonly resendMs: number
  /** Requests under way at once; the others wait in order. */
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
  /** 0 = not sent yet, or to be sent again at once. */
  sentMs: number
  notBeforeMs: number
}

export class ClientOutbox {
  readonly #limits: ClientOutboxLimits
  readonly #entries = new Map<number, Entry>()
  #isConnected = false
  #inFlight = 0

  constructor(limits: ClientOutboxLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /** `isResent`: whether silence is a reason to send again; a long `wait` is sent again only on a new connection. */
  submit(nowMs: number, request: number, options: { timeoutMs: number; isResent: boolean }): void {
    const deadlineMs = nowMs + options.timeoutMs
    const { isResent } = options
    this.#entries.set(request, { request, deadlineMs, isResent, sentMs: 0, notBeforeMs: 0 })
  }

  /** A connection stands (again): whatever has no answer goes out once more. */
  connected(): void {
    this.#isConnected = true
    this.#inFlight = 0
    for (const entry of this.#entries.values()) entry.sentMs = 0
  }

  disconnected(): void {
    this.#isConnected = false
  }

  /** `false`: it was answered before. */
  answered(request: number): boolean {
    const entry = this.#entries.get(request)
    if (entry === undefined) return false
    if (entry.sentMs > 0) this.#inFlight -= 1
    return this.#entries.delete(request)
  }

  /** The manager is busy: again after a while. */
  postponed(nowMs: number, request: number, delayMs: number): void {
    const entry = this.#entries.get(request)
    if (entry === undefined) return
    if (entry.sentMs > 0) this.#inFlight -= 1
    entry.sentMs = 0
    entry.notBeforeMs = nowMs + delayMs
  }

  /** What is to be done now. */
  orders(nowMs: number): readonly ClientOrder[] {
    const orders: ClientOrder[] = []
    for (const entry of this.#entries.values()) {
      const { request, deadlineMs } = entry
      if (deadlineMs <= nowMs) {
        orders.push({ type: 'giveUp', request })
        this.answered(request)
      } else if (this.#isDue(entry, nowMs)) {
        if (entry.sentMs === 0) this.#inFlight += 1
        entry.sentMs = nowMs
        orders.push({ type: 'send', request })
      } else if (this.#inFlight >= this.#limits.inFlightMax && entry.sentMs === 0) break
    }
    return orders
  }

  #isDue(entry: Entry, nowMs: number): boolean {
    if (!this.#isConnected || entry.notBeforeMs > nowMs) return false
    if (entry.sentMs === 0) return this.#inFlight < this.#limits.inFlightMax
    return entry.isResent && nowMs - entry.sentMs >= this.#limits.resendMs
  }
}
