/**
 * The connection of a client to the managers of a pipeline: each request goes to the owner of its shard, and
 * is kept until its answer, over reconnections and from one owner to the next.
 */
import { timerMsMax } from '../config/duration.ts'
import { ClientOutbox } from '../core/client-outbox.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { catalogue } from '../errors/catalogue.ts'
import { systemClock } from '../runtime/clock.ts'
import { parseAddress } from '../runtime/address.ts'
import type { Transport } from '../transport/contract.ts'
import type { Reply, Welcome } from '../wire/replies.ts'
import { encodeRequest, type Request } from '../wire/requests.ts'
import { EnqueueGathering, type EnqueuedReply, type EnqueueOrder } from './enqueue-gathering.ts'
import { RouterDoors } from './router-doors.ts'
import { TransientMap } from '../core/transient-map.ts'

/** A request as callers write it; the connection numbers it. */
export type Ask = Request extends infer R ? (R extends Request ? Omit<R, 'request'> : never) : never

/** What becomes of a request. */
export interface Handlers {
  /** `true`: no further reply is awaited. What it throws is what the request rejects with. */
  readonly onReply: (reply: Reply) => boolean
  readonly reject: (error: unknown) => void
}

/** As it is to be sent now: what is sent again later may ask for less. */
type AskNow = () => Ask

interface Pending extends Handlers {
  readonly ask: AskNow
  readonly shard: number
}

export interface SubmitOptions {
  readonly timeoutMs: number
  /** Whether silence is a reason to send it again; otherwise only a new connection is. */
  readonly isResent: boolean
  /** Default 0. */
  readonly shard?: number
}

const tickMs = 100
/** Nobody is known to own a shard that is asked for: everybody is asked again after this. */
const lookMs = 100
const limits = { resendMs: 5_000, inFlightMax: 1_000 }

export class Connection {
  readonly #transport: Transport
  /** By shard. */
  readonly #outboxes = new Map<number, ClientOutbox>()
  readonly #pending = new TransientMap<number, Pending>()
  #doors: RouterDoors | undefined
  #timer: NodeJS.Timeout | undefined
  #nextRequest = 1
  #isClosed = false
  #lookedMs = 0
  readonly #ownerWaits: (() => void)[] = []
  readonly #gathering: EnqueueGathering
  /** Only a pull door has been found. */
  #isPullOnly = false
  #stopLooking: (() => void) | undefined
  /** Why the last message that came was no reply. */
  #unreadable: string | undefined
  /** What the manager that answered last said of itself. */
  welcome: Welcome | undefined

  /** `timeoutMs`: how long jobs that are enqueued wait for their answer. */
  constructor(transport: Transport, timeoutMs: number) {
    this.#transport = transport
    this.#gathering = new EnqueueGathering(({ shard, ...order }) =>
      this.ask({ type: 'enqueue', ...order }, 'enqueued', { timeoutMs, shard }),
    )
  }

  /** Resolves when it is known who owns each of so many shards, or after `withinMs`. */
  async ownersKnown(shards: number, withinMs: number): Promise<void> {
    const endMs = systemClock.nowMs() + withinMs
    const all = Array.from({ length: shards }, (_, shard) => shard)
    for (;;) {
      const leftMs = endMs - systemClock.nowMs()
      if (leftMs <= 0 || all.every((shard) => this.#doors?.owns(shard) === true)) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#ownerWaits.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  /** Requests are sent, now or when a manager is there again. */
  get isOpen(): boolean {
    return this.#doors !== undefined
  }

  /** `close` was called, and `connect` not since. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** A shard of each manager that can be asked; none before `connect`, and when all have gone. */
  get oneOfEach(): readonly number[] {
    return this.#doors?.oneOfEach ?? []
  }

  /**
   * Connects to a router door, or to the one beside a pull door (the next port); of several addresses, to
   * whoever answers. `false`: only a pull door is there, so nothing will be acknowledged.
   * @throws CT_UNREACHABLE when nobody answers in time; CT_PROTOCOL when what answers is not of this protocol;
   * CT_STOPPED when it is closed meanwhile
   */
  async connect(addresses: readonly string[], timeoutMs: number): Promise<boolean> {
    for (const address of addresses) parseAddress(address)
    this.#isClosed = false
    const finding = this.#find(addresses, timeoutMs)
    const doors = this.#doors
    if (await finding) return true
    // Closed meanwhile, and perhaps about to connect anew.
    if (doors === undefined || this.#doors !== doors) throw closed()
    const isThere = doors.isThere
    this.#drop()
    if (isThere) throw silent(addresses, this.#unreadable)
    const probes = await Promise.all(
      addresses.map((address) => this.#transport.probe(address, 1_000)),
    )
    if (this.#isClosed) throw closed()
    this.#isPullOnly = probes.includes('open')
    if (this.#isPullOnly) return false
    throw new CarbontubeError('CT_UNREACHABLE', `nobody answers at ${addresses.join(', ')}`, {
      hint: 'Start the manager (carbontube pipeline FILE), or check host and port.',
      details: { address: addresses.join(','), probe: probes[0] },
    })
  }

  /** One request, one reply. An `error` reply rejects with its code. */
  ask<T extends Reply['type']>(
    ask: Ask,
    wanted: T,
    { timeoutMs, shard = 0 }: { timeoutMs: number; shard?: number },
  ): Promise<Extract<Reply, { type: T }>> {
    return new Promise((resolve, reject) => {
      const onReply = (reply: Reply) => {
        if (reply.type === wanted) resolve(reply as Extract<Reply, { type: T }>)
        else reject(protocolError(reply))
        return true
      }
      this.submit(() => ask, { onReply, reject }, { timeoutMs, isResent: true, shard })
    })
  }

  /** Jobs, in one message with those of other calls of this turn. */
  enqueue(order: EnqueueOrder): Promise<EnqueuedReply> {
    return this.#gathering.enqueue(order)
  }

  /** A request with any number of replies: `onReply` says when it is over. */
  submit(ask: AskNow, handlers: Handlers, options: SubmitOptions): void {
    // Nobody would ever send it, and its timer would keep the process alive.
    if (this.#isClosed) return handlers.reject(closed())
    if (this.#doors === undefined) return handlers.reject(notConnected(this.#isPullOnly))
    // Nobody asks for a job before it is enqueued.
    this.#gathering.flush()
    const { shard = 0 } = options
    const request = this.#nextRequest
    this.#nextRequest += 1
    this.#pending.set(request, { ask, shard, ...handlers })
    this.#outbox(shard).submit(systemClock.nowMs(), request, options)
    this.#timer ??= setInterval(() => this.#work(), tickMs)
    this.#work()
  }

  close(): void {
    this.#gathering.flush()
    this.#isClosed = true
    this.#drop()
  }

  #drop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#stopLooking?.()
    this.#doors?.close()
    this.#doors = undefined
    for (const { reject } of this.#pending.values()) reject(closed())
    this.#pending.clear()
  }

  #work(): void {
    const nowMs = systemClock.nowMs()
    for (const [shard, outbox] of this.#outboxes) {
      for (const { type, request } of outbox.orders(nowMs)) {
        if (type === 'send') this.#send(shard, request)
        else this.#giveUp(request)
      }
    }
    if (nowMs - this.#lookedMs >= lookMs) this.#look(nowMs)
  }

  #send(shard: number, request: number): void {
    const ask = this.#pending.get(request)?.ask()
    if (ask !== undefined) this.#doors?.send(shard, encodeRequest({ ...ask, request } as Request))
  }

  #giveUp(request: number): void {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    if (pending === undefined) return
    const unreadable = this.#unreadable
    const ask = pending.ask()
    pending.reject(
      new CarbontubeError('CT_TIMED_OUT', `no answer to "${ask.type}" in time`, {
        hint: `The manager may be down or busy${whatIsSafe(ask)}`,
        ...(unreadable === undefined ? {} : { details: { unreadable } }),
      }),
    )
  }

  #look(nowMs: number): void {
    const isSought = [...this.#outboxes].some(
      ([shard, { size }]) => size > 0 && this.#doors?.owns(shard) === false,
    )
    if (!isSought) return
    this.#lookedMs = nowMs
    this.#doors?.look()
  }

  #outbox(shard: number): ClientOutbox {
    let outbox = this.#outboxes.get(shard)
    if (outbox === undefined) {
      this.#outboxes.set(shard, (outbox = new ClientOutbox(limits)))
      if (this.#doors?.owns(shard) === true) outbox.connected()
    }
    return outbox
  }

  #find(addresses: readonly string[], timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = () => {
        clearTimeout(timer)
        resolve(false)
      }
      const timer = setTimeout(stop, Math.min(timeoutMs, timerMsMax))
      this.#stopLooking = stop
      this.#unreadable = undefined
      this.#doors = new RouterDoors({
        ...{ transport: this.#transport, addresses },
        onFound: (welcome) => {
          clearTimeout(timer)
          this.welcome = welcome
          resolve(true)
        },
        onOwner: (shard, isKnown) => this.#ownerChanged(shard, isKnown),
        onReply: (reply) => this.#receive(reply),
        onUnreadable: (why) => (this.#unreadable = why),
      })
    })
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.request)
    if (pending === undefined) return
    if (reply.type === 'error' && reply.code === 'CT_NOT_OWNER') {
      // It stays, and goes to the owner once that is known.
      this.#doors?.disowned(pending.shard)
    } else if (reply.type === 'error') {
      this.#end(reply.request)
      pending.reject(protocolError(reply))
    } else this.#tell(pending, reply)
    this.#work()
  }

  /** Callers' own callbacks run in here: what they throw must not end the reading of replies. */
  #tell({ onReply, reject }: Pending, reply: Reply): void {
    try {
      if (onReply(reply)) this.#end(reply.request)
    } catch (error) {
      this.#end(reply.request)
      reject(error)
    }
  }

  #end(request: number): void {
    const pending = this.#pending.get(request)
    this.#pending.delete(request)
    if (pending !== undefined) this.#outbox(pending.shard).answered(request)
  }

  #ownerChanged(shard: number, isKnown: boolean): void {
    const outbox = this.#outboxes.get(shard)
    if (isKnown) outbox?.connected()
    else outbox?.disconnected()
    if (isKnown) this.#work()
    for (const goOn of this.#ownerWaits.splice(0)) goOn()
  }
}

/** What may be done after no answer; a retry has an id that its caller does not know. */
function whatIsSafe(ask: Ask): string {
  if (ask.type !== 'enqueue') return '; asking again is safe.'
  if (ask.replay === undefined) return '; sending again with the same id is safe.'
  return '. The new job may be there all the same: see `carbontube jobs list` before you retry again.'
}

function closed(): CarbontubeError {
  return new CarbontubeError('CT_STOPPED', 'the client was closed')
}

function notConnected(isPullOnly: boolean): CarbontubeError {
  if (isPullOnly) {
    return new CarbontubeError(
      'CT_UNREACHABLE',
      'only a pull door was found: nothing can be asked',
      {
        hint: 'Jobs can be enqueued there, unconfirmed. For the rest the router door must be reachable.',
      },
    )
  }
  return new CarbontubeError('CT_STOPPED', 'the client is not connected', {
    hint: 'Call `await client.connect()` first.',
  })
}

/** A router door took the connection, and nothing came of it. */
function silent(addresses: readonly string[], unreadable: string | undefined): CarbontubeError {
  const where = addresses.join(', ')
  if (unreadable === undefined) {
    return new CarbontubeError('CT_UNREACHABLE', `the manager at ${where} does not answer yet`, {
      hint: 'It may still be opening its store. Try again, or wait for longer.',
      details: { address: addresses.join(',') },
    })
  }
  return new CarbontubeError(
    'CT_PROTOCOL',
    `what answers at ${where} is no manager: ${unreadable}`,
    {
      hint: 'Check host and port; client and manager must be of the same protocol version.',
      details: { address: addresses.join(',') },
    },
  )
}

function protocolError(reply: Reply): CarbontubeError {
  if (reply.type !== 'error') {
    return new CarbontubeError('CT_PROTOCOL', `unexpected reply "${reply.type}"`)
  }
  const code = Object.hasOwn(catalogue, reply.code) ? (reply.code as ErrorCode) : 'CT_PROTOCOL'
  return new CarbontubeError(code, reply.message, reply.hint === '' ? {} : { hint: reply.hint })
}
