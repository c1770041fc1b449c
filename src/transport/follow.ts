/**
 * How a door that subscribes changes what it follows: in place, and only in what differs. Another door in its
 * stead would miss what comes until it is connected.
 */
import { parseAddress } from '../runtime/address.ts'
import type { SubscribingDoor } from './contract.ts'

/** One step of a change each. */
export interface FollowSteps {
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  connect(address: string): void
  disconnect(address: string): void
}

/** @param connected what the door has been opened with, as `subscribed` */
export function followBySteps(
  steps: FollowSteps,
  connected: readonly string[],
  subscribed: readonly string[],
): SubscribingDoor['follow'] {
  let [doors, topics] = [new Set(connected), new Set(subscribed)]
  return (toConnect, toSubscribe) => {
    toConnect.forEach(parseAddress)
    const before = { doors, topics }
    doors = new Set(toConnect)
    topics = new Set(toSubscribe)
    for (const topic of missingIn(before.topics, topics)) steps.subscribe(topic)
    for (const topic of missingIn(topics, before.topics)) steps.unsubscribe(topic)
    for (const address of missingIn(before.doors, doors)) steps.connect(address)
    for (const address of missingIn(doors, before.doors)) steps.disconnect(address)
  }
}

/** Those of `all` that are not in `some`. */
function missingIn(some: ReadonlySet<string>, all: ReadonlySet<string>): string[] {
  return [...all].filter((one) => !some.has(one))
}
