/**
 * What a worker publishes for people and for discovery: `worker.available` once a second and whenever
 * a manager subscribes, logs and progress as they come. Dropped when nobody listens.
 */
import type { WorkerInfo } from '../core/event.ts'
import { systemClock } from '../runtime/clock.ts'
import type { PublishingDoor, Transport } from '../transport/contract.ts'
import { encodePublished } from '../wire/published.ts'

/** Announcements are at least this far apart, in milliseconds. */
const announceMs = 1_000

export class WorkerFeed {
  readonly #info: WorkerInfo
  #door: PublishingDoor | undefined
  #sequence = 0
  #subscriptions = 0
  #announcedMs = 0

  private constructor(info: WorkerInfo) {
    this.#info = info
  }

  static async open(parts: {
    transport: Transport
    info: WorkerInfo
    connect: readonly string[]
  }): Promise<WorkerFeed> {
    const feed = new WorkerFeed(parts.info)
    feed.#door = await parts.transport.openPub({
      connect: parts.connect,
      onSubscriber: () => {
        feed.#subscriptions += 1
        // PUB loses what is sent before the subscription has arrived: so the announcement follows it.
        feed.#announce()
      },
      onSubscriberGone: () => {
        feed.#subscriptions -= 1
      },
    })
    return feed
  }

  publish(topic: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#subscriptions <= 0) return
    this.#sequence += 1
    const { id: source } = this.#info
    const atMs = systemClock.nowMs()
    this.#door?.publish(encodePublished({ topic, source, sequence: this.#sequence, atMs, fields }))
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
