/**
 * How a door that subscribes changes what it follows: in place, and only in what differs. Another door in its
 * stead would miss what comes until it is connected.
 */
import { parseAddress } from '../runtime/address.ts'

/** One step of a change each; a socket of ZeroMQ has them. */
export interface FollowSteps {
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  connect(address: string): void
  disconnect(address: string): void
}

export class Following {
  readonly #steps: FollowSteps
  #doors: ReadonlySet<string>
  #topics: ReadonlySet<string>

  /** @param connect what the door is opened with, as `topics` */
  constructor(steps: FollowSteps, connect: readonly string[], topics: readonly string[]) {
    this.#steps = steps
    this.#doors = new Set(connect)
    this.#topics = new Set(topics)
  }

  get topics(): ReadonlySet<string> {
    return this.#topics
  }

  /** That of `SubscribingDoor`. */
  readonly follow = (connect: readonly string[], topics: readonly string[]): void => {
    connect.forEach(parseAddress)
    const before = { doors: this.#doors, topics: this.#topics }
    this.#doors = new Set(connect)
    this.#topics = new Set(topics)
    for (const topic of missingIn(before.topics, this.#topics)) this.#steps.subscribe(topic)
    for (const topic of missingIn(this.#topics, before.topics)) this.#steps.unsubscribe(topic)
    for (const address of missingIn(before.doors, this.#doors)) this.#steps.connect(address)
    for (const address of missingIn(this.#doors, before.doors)) this.#steps.disconnect(address)
  }
}

/** Those of `all` that are not in `some`. */
function missingIn(some: ReadonlySet<string>, all: ReadonlySet<string>): string[] {
  return [...all].filter((one) => !some.has(one))
}
