/**
 * Finds who answers. A person knows one address of a manager, the pull door or the router door beside it, or
 * those of several managers of which one owns the jobs at a time: hello is said at every door, and who
 * answers first is asked, for as long as the connection stands. Then it is looked for again.
 */
import { parseAddress, withPort } from '../runtime/address.ts'
import type { Frames, Link, Transport } from '../transport/contract.ts'
import { unpackHeader } from '../wire/header.ts'
import { decodeReply, type Reply, type Welcome } from '../wire/replies.ts'
import { encodeRequest } from '../wire/requests.ts'

export interface RouterDoorsParts {
  readonly transport: Transport
  readonly addresses: readonly string[]
  /** Somebody answers, the first time or again. */
  onFound(welcome: Welcome): void
  /** Who answered is gone. */
  onLost(): void
  onReply(reply: Reply): void
}

interface Candidate {
  readonly link: Link
  /** What the person gave. */
  readonly given: string
  /** It may be the door of somebody else: it has to say that it belongs to `given`. */
  readonly isNeighbour: boolean
}

/** Number of the hello: those of requests begin at 1. */
const helloRequest = 0

export class RouterDoors {
  readonly #parts: RouterDoorsParts
  readonly #candidates = new Set<Candidate>()
  #chosen: Candidate | undefined

  constructor(parts: RouterDoorsParts) {
    this.#parts = parts
    for (const given of parts.addresses) {
      this.#try(given, given)
      this.#try(given, withPort(given, parseAddress(given).port + 1))
    }
  }

  /** Lost silently while nobody answers. */
  send(frames: Frames): void {
    this.#chosen?.link.send(frames)
  }

  close(): void {
    for (const { link } of this.#candidates) link.close()
    this.#candidates.clear()
    this.#chosen = undefined
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
    if (this.#chosen !== candidate) return
    this.#chosen = undefined
    this.#parts.onLost()
    // Others may have answered long ago, when nobody wanted to know.
    for (const other of this.#candidates) if (other.link.isUp) this.#sayHello(other)
  }

  #dismiss(candidate: Candidate): void {
    this.#candidates.delete(candidate)
    candidate.link.close()
  }

  #receive(candidate: Candidate, frames: Frames): void {
    if (!this.#candidates.has(candidate)) return
    const reply = decodeReply(unpackHeader(frames[0]), frames)
    if (reply.request !== helloRequest) return this.#parts.onReply(reply)
    if (reply.type !== 'welcome' || this.#chosen !== undefined) return
    const { given, isNeighbour } = candidate
    if (isNeighbour && !namesDoor(reply.welcome, given)) return
    this.#chosen = candidate
    for (const other of this.#candidates) {
      if (other !== candidate && other.given === given) this.#dismiss(other)
    }
    this.#parts.onFound(reply.welcome)
  }
}

/** Whether the manager's pull door is the one that the person gave: same port; hosts have many names. */
function namesDoor(welcome: Welcome, address: string): boolean {
  const { port } = parseAddress(address)
  return welcome.pull.some((pull) => parseAddress(pull).port === port)
}
