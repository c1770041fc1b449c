/**
 * What a worker publishes for people and for discovery: `worker.available` whenever a manager subscribes and every
 * ten seconds, logs and progress as they come. Dropped when nobody listens.
 */
import type { WorkerInfo } from '../core/event.ts'
import { systemClock } from '../runtime/clock.ts'
import type { PublishingDoor, Transport } from '../transport/contract.ts'
import { EventPublisher } from '../wire/event-publisher.ts'

/**
 * Announcements that nobody has asked for are at least this far apart, in milliseconds: every second says a beat or
 * a hello the same, and hundreds of workers cost their manager a sixth less by it.
 */
const announceMs = 10_000

export class WorkerFeed {
  readonly #info: WorkerInfo
  readonly #publisher: EventPublisher
  #door: PublishingDoor | undefined
  #announcedMs = 0

  private constructor(info: WorkerInfo) {
    this.#info = info
    this.#publisher = new EventPublisher(info.id, () => systemClock.nowMs())
  }

  static async open(parts: {
    transport: Transport
    info: WorkerInfo
    connect: readonly string[]
  }): Promise<WorkerFeed> {
    const feed = new WorkerFeed(parts.info)
    const door = await parts.transport.openPub({
      connect: parts.connect,
      onSubscriber: (topic) => {
        feed.#publisher.subscribed(topic)
        // PUB loses what is sent before the subscription has arrived: so the announcement follows it.
        feed.#announce()
      },
      onSubscriberGone: (topic) => feed.#publisher.unsubscribed(topic),
    })
    feed.#publisher.attach(door)
    feed.#door = door
    return feed
  }

  publish(topic: string, fields: Readonly<Record<string, unknown>>): void {
    this.#publisher.publish(topic, fields)
  }

  beat(): void {
    if (systemClock.nowMs() - this.#announcedMs >= announceMs) this.#announce()
  }

  close(): void {
    this.#door?.close()
  }

  #announce(): void {
    this.#announcedMs = systemClock.nowMs()
    this.publish('worker.available', { info: this.#info })
  }
}
