/** The connection of a client to a manager: it keeps each request until its answer, over reconnections. */
import { ClientOutbox } from '../core/client-outbox.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { catalogue } from '../errors/catalogue.ts'
import { systemClock } from '../runtime/clock.ts'
import { parseAddress } from '../runtime/address.ts'
import type { Transport } from '../transport/contract.ts'
import type { Reply, Welcome } from '../wire/replies.ts'
import { encodeRequest, type Request } from '../wire/requests.ts'
import { RouterDoors } from './router-doors.ts'

/** A request as callers write it; the connection numbers it. */
export type Ask = Request extends infer R ? (R extends Request ? Omit<R, 'request'> : never) : never

interface Pending {
  readonly ask: Ask
  /** `true`: no further reply is awaited. */
  onReply(reply: Reply): boolean
  reject(error: unknown): void
}

const tickMs = 100
const limits = { resendMs: 5_000, inFlightMax: 1_000 }

export class Connection {
  readonly #transport: Transport
  readonly #outbox = new ClientOutbox(limits)
  readonly #pending = new Map<number, Pending>()
  #doors: RouterDoors | undefined
  #timer: NodeJS.Timeout | undefined
  #nextRequest = 1
  #isUp = false
  #isClosed = false
  /** What the manager said of itself. */
  welcome: Welcome | undefined

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The manager can be asked; `false` also before `connect` and after it has gone. */
  get isUp(): boolean {
    return this.#isUp
  }

  /**
   * Connects to a router door, or to the one beside a pull door (the next port); of several addresses, to
   * whoever answers. `false`: only a pull door is there, so nothing will be acknowledged.
   * @throws CT_UNREACHABLE when nobody answers in time
   */
  async connect(addresses: readonly string[], timeoutMs: number): Promise<boolean> {
    for (const address of addresses) parseAddress(address)
    this.#isClosed = false
    if (await this.#find(addresses, timeoutMs)) return true
    this.#drop()
    const probes = await Promise.all(
      addresses.map((address) => this.#transport.probe(address, 1_000)),
    )
    if (probes.includes('open')) return false
    throw new CarbontubeError('CT_UNREACHABLE', `nobody answers at ${addresses.join(', ')}`, {
      hint: 'Start the manager (carbontube pipeline FILE), or check host and port.',
      details: { address: addresses.join(','), probe: probes[0] },
    })
  }

  /** One request, one reply. An `error` reply rejects with its code. */
  ask<T extends Reply['type']>(
    ask: Ask,
    wanted: T,
    timeoutMs: number,
  ): Promise<Extract<Reply, { type: T }>> {
    return new Promise((resolve, reject) => {
      const onReply = (reply: Reply) => {
        if (reply.type === wanted) resolve(reply as Extract<Reply, { type: T }>)
        else reject(protocolError(reply))
        return true
      }
      this.submit(ask, { onReply, reject }, { timeoutMs, isResent: true })
    })
  }

  /** A request with any number of replies: `onReply` says when it is over. */
  submit(
    ask: Ask,
    handlers: Omit<Pending, 'ask'>,
    options: { timeoutMs: number; isResent: boolean },
  ): void {
    // Nobody would ever send it, and its timer would keep the process alive.
    if (this.#isClosed) return handlers.reject(closed())
    const request = this.#nextRequest
    this.#nextRequest += 1
    this.#pending.set(request, { ask, ...handlers })
    this.#outbox.submit(systemClock.nowMs(), request, options)
    this.#timer ??= setInterval(() => this.#work(), tickMs)
    this.#work()
  }

  close(): void {
    this.#isClosed = true
    this.#drop()
  }

  #drop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#isUp = false
    this.#doors?.close()
    this.#doors = undefined
    for (const { reject } of this.#pending.values()) reject(closed())
    this.#pending.clear()
  }

  #work(): void {
    for (const { type, request } of this.#outbox.orders(systemClock.nowMs())) {
      const pending = this.#pending.get(request)
      if (pending === undefined) continue
      if (type === 'send') this.#doors?.send(encodeRequest({ ...pending.ask, request } as Request))
      else {
        this.#pending.delete(request)
        pending.reject(
          new CarbontubeError('CT_TIMED_OUT', `no answer to "${pending.ask.type}" in time`, {
            hint: 'The manager may be down or busy; sending again with the same id is safe.',
          }),
        )
      }
    }
  }

  #find(addresses: readonly string[], timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), timeoutMs)
      this.#doors = new RouterDoors({
        ...{ transport: this.#transport, addresses },
        onFound: (welcome) => {
          clearTimeout(timer)
          this.#found(welcome)
          resolve(true)
        },
        onLost: () => this.#lost(),
        onReply: (reply) => this.#receive(reply),
      })
    })
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.request)
    if (pending === undefined) return
    if (reply.type === 'error') {
      this.#end(reply.request)
      pending.reject(protocolError(reply))
    } else if (pending.onReply(reply)) this.#end(reply.request)
    this.#work()
  }

  #end(request: number): void {
    this.#pending.delete(request)
    this.#outbox.answered(request)
  }

  #found(welcome: Welcome): void {
    this.welcome = welcome
    this.#isUp = true
    this.#outbox.connected()
    this.#work()
  }

  #lost(): void {
    this.#isUp = false
    this.#outbox.disconnected()
  }
}

function closed(): CarbontubeError {
  return new CarbontubeError('CT_STOPPED', 'the client was closed')
}

function protocolError(reply: Reply): CarbontubeError {
  if (reply.type !== 'error') {
    return new CarbontubeError('CT_PROTOCOL', `unexpected reply "${reply.type}"`)
  }
  const code = Object.hasOwn(catalogue, reply.code) ? (reply.code as ErrorCode) : 'CT_PROTOCOL'
  return new CarbontubeError(code, reply.message, reply.hint === '' ? {} : { hint: reply.hint })
}
