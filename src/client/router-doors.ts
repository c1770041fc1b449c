/**
 * Finds who answers for which shard. A person knows one address of a manager, the pull door or the router
 * door beside it, or those of several managers: hello is said at every door, and the welcome tells which
 * shards its manager owns. A request goes to the owner of its shard for as long as the connection stands and
 * nobody says otherwise; then it is looked for again.
 */
import { nextPort, parseAddress } from '../runtime/address.ts'
import type { Frames, Link, Transport } from '../transport/contract.ts'
import { unpackHeader } from '../wire/header.ts'
import { decodeReply, type Reply, type Welcome } from '../wire/replies.ts'
import { encodeRequest } from '../wire/requests.ts'
import { WireError } from '../wire/wire-error.ts'

export interface RouterDoorsParts {
  readonly transport: Transport
  readonly addresses: readonly string[]
  /** A manager answers, the first time or again. */
  onFound(welcome: Welcome): void
  /** From now on the owner of a shard is known, or it is known no longer. */
  onOwner(shard: number, isKnown: boolean): void
  onReply(reply: Reply): void
  /** What came from the door of a person's address, or of its owner, is no reply: it is dropped. */
  onUnreadable(why: string): void
}

interface Candidate {
  readonly link: Link
  /** What the person gave. */
  readonly given: string
  /** It may be the door of somebody else: it has to say that it belongs to `given`. */
  readonly isNeighbour: boolean
}

interface Owner {
  readonly candidate: Candidate
  readonly epoch: number
}

/** Number of the hello: those of requests begin at 1. */
const helloRequest = 0

export class RouterDoors {
  readonly #parts: RouterDoorsParts
  readonly #candidates = new Set<Candidate>()
  readonly #owners = new Map<number, Owner>()

  constructor(parts: RouterDoorsParts) {
    this.#parts = parts
    for (const given of parts.addresses) {
      this.#try(given, given)
      this.#try(given, nextPort(given))
    }
  }

  owns(shard: number): boolean {
    return this.#owners.has(shard)
  }

  /** A door at one of the addresses has taken the connection. */
  get isThere(): boolean {
    return [...this.#candidates].some(({ link }) => link.isUp)
  }

  /** A shard of each manager that owns some: whoever asks for these asks all of them. */
  get oneOfEach(): readonly number[] {
    const byManager = new Map([...this.#owners].map(([shard, owner]) => [owner.candidate, shard]))
    return [...byManager.values()].sort((a, b) => a - b)
  }

  /** Lost silently while nobody is known to own the shard. */
  send(shard: number, frames: Frames): void {
    this.#owners.get(shard)?.candidate.link.send(frames)
  }

  /** Its owner says that it is not. */
  disowned(shard: number): void {
    this.#forget(shard)
    this.look()
  }

  /** Asks everybody again. */
  look(): void {
    for (const candidate of this.#candidates) if (candidate.link.isUp) this.#sayHello(candidate)
  }

  close(): void {
    for (const { link } of this.#candidates) link.close()
    this.#candidates.clear()
    this.#owners.clear()
  }

  #try(given: string, address: string): void {
    const candidate: Candidate = {
      ...{ given, isNeighbour: address !== given },
      link: this.#parts.transport.connectDealer({
        address,
        onUp: () => this.#sayHello(candidate),
        onDown: () => this.#down(candidate),
        // No word about a wrong peer: a proxy in front of a manager that is not up yet looks like one.
        onMessage: (frames) => this.#receive(candidate, frames),
      }),
    }
    this.#candidates.add(candidate)
  }

  #sayHello({ link }: Candidate): void {
    link.send(encodeRequest({ type: 'hello', request: helloRequest }))
  }

  #down(candidate: Candidate): void {
    const lost = [...this.#owners].filter(([, owner]) => owner.candidate === candidate)
    for (const [shard] of lost) this.#forget(shard)
    // Others may own them by now.
    if (lost.length > 0) this.look()
  }

  #forget(shard: number): void {
    if (this.#owners.delete(shard)) this.#parts.onOwner(shard, false)
  }

  #dismiss(candidate: Candidate): void {
    this.#candidates.delete(candidate)
    candidate.link.close()
  }

  #receive(candidate: Candidate, frames: Frames): void {
    if (!this.#candidates.has(candidate)) return
    const reply = this.#decode(candidate, frames)
    if (reply === undefined) return
    if (reply.request !== helloRequest) return this.#parts.onReply(reply)
    if (reply.type !== 'welcome') return
    const { given, isNeighbour } = candidate
    if (isNeighbour && !namesDoor(reply.welcome, given)) return
    for (const other of this.#candidates) {
      if (other !== candidate && other.given === given) this.#dismiss(other)
    }
    this.#parts.onFound(reply.welcome)
    this.#learn(candidate, reply.welcome)
  }

  /** Whoever is at the other end may write anything: that must not end the application. */
  #decode(candidate: Candidate, frames: Frames): Reply | undefined {
    try {
      return decodeReply(unpackHeader(frames[0]), frames)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      if (!candidate.isNeighbour || this.#isOwner(candidate))
        this.#parts.onUnreadable(error.message)
      return undefined
    }
  }

  #isOwner(candidate: Candidate): boolean {
    return [...this.#owners.values()].some((owner) => owner.candidate === candidate)
  }

  /** Of two who say that they own a shard, the later one does. */
  #learn(candidate: Candidate, { owned = [[0, 0]] }: Welcome): void {
    for (const [shard, owner] of this.#owners) {
      if (owner.candidate === candidate && !owned.some(([one]) => one === shard)) {
        this.#forget(shard)
      }
    }
    for (const [shard, epoch] of owned) {
      const known = this.#owners.get(shard)
      if (known !== undefined && known.epoch > epoch) continue
      this.#owners.set(shard, { candidate, epoch })
      if (known?.candidate !== candidate) this.#parts.onOwner(shard, true)
    }
  }
}

/** Whether the manager's pull door is the one that the person gave: same port; hosts have many names. */
function namesDoor(welcome: Welcome, address: string): boolean {
  const { port } = parseAddress(address)
  return welcome.pull.some((pull) => parseAddress(pull).port === port)
}
