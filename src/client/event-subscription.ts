/**
 * What managers publish, for people who look: logs, progress, workers that come and go. A hint and never the
 * truth: what was published before the subscription has arrived, or while nobody listened, does not come again.
 */
import { addressesIn, isWildcard, parseAddress, withPort } from '../runtime/address.ts'
import type { Transport } from '../transport/contract.ts'
import { zeromqTransport } from '../transport/zeromq-transport.ts'
import { decodePublished, type PublishedEvent } from '../wire/published.ts'
import type { Welcome } from '../wire/replies.ts'
import { WireError } from '../wire/wire-error.ts'

export interface Followed {
  /** Pub doors of managers (`welcome.pub`). */
  readonly addresses: readonly string[]
  /** What topics begin with: `job.log`; '' is everything, which costs the managers something for every job. */
  readonly topics: readonly string[]
}

export interface EventSubscriptionOptions extends Followed {
  /** In the order of their source. What is no event is left out. */
  onEvent(event: PublishedEvent): void
  readonly transport?: Transport
}

/** Ends with `close`. A manager that goes and comes again is followed by itself. */
export interface EventSubscription {
  /**
   * Other doors or topics from now on; of those that stay nothing is missed.
   * @throws CT_BAD_ADDRESS
   */
  follow(followed: Followed): void
  close(): void
}

/**
 * Where what managers publish can be subscribed to. A door that is open on every interface is reached at the
 * hosts by which the managers themselves are.
 * @param given address of the managers, as a client takes it
 */
export function pubDoorsOf(
  managers: readonly Pick<Welcome, 'pub'>[],
  given: string,
): readonly string[] {
  const doors = managers.flatMap(({ pub }) => {
    if (!isWildcard(pub)) return pub
    return addressesIn(given).map((one) => withPort(one, parseAddress(pub).port))
  })
  return [...new Set(doors)]
}

/** @throws CT_BAD_ADDRESS */
export async function subscribe(options: EventSubscriptionOptions): Promise<EventSubscription> {
  const { addresses, topics, onEvent, transport = zeromqTransport } = options
  const door = await transport.openSub({
    ...{ bind: [], connect: addresses, topics },
    onMessage(frames) {
      try {
        onEvent(decodePublished(frames))
      } catch (error) {
        if (!(error instanceof WireError)) throw error
      }
    },
  })
  return {
    follow: (followed) => door.follow(followed.addresses, followed.topics),
    close: () => door.close(),
  }
}
