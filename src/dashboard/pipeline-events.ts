/**
 * What the managers of a pipeline publish: which workers were lost, always, for that is rare; logs and progress
 * only while somebody looks. Never what happens to each job: there may be tens of thousands a second.
 */
import { subscribe, type EventSubscription, type Followed } from '../client/event-subscription.ts'
import type { Logger } from '../runtime/logger.ts'
import type { PublishedEvent } from '../wire/published.ts'

const rareTopics = ['worker.lost', 'worker.joined']
/** Processes whose last event is remembered. */
const sourcesMax = 10_000

export interface PipelineEventsOptions {
  readonly logger: Logger
  onEvent(event: PublishedEvent): void
}

export class PipelineEvents {
  readonly #options: PipelineEventsOptions
  readonly #last = new Map<string, { readonly sequence: number; readonly atMs: number }>()
  #subscription: EventSubscription | undefined
  #changing: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: PipelineEventsOptions) {
    this.#options = options
  }

  /** Follows these doors and topics from now on; nothing changes when they are the same as before. */
  want(addresses: readonly string[], topics: readonly string[]): void {
    const wanted = { addresses, topics: [...rareTopics, ...topics] }
    this.#changing = this.#changing.then(() => this.#follow(wanted))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#changing
    this.#subscription?.close()
    this.#subscription = undefined
  }

  async #follow(wanted: Followed): Promise<void> {
    if (this.#isClosed || wanted.addresses.length === 0) return
    try {
      const onEvent = (event: PublishedEvent) => this.#take(event)
      this.#subscription ??= await subscribe({ ...wanted, onEvent })
      this.#subscription.follow(wanted)
    } catch (error) {
      const { addresses } = wanted
      this.#options.logger.warn('the events of managers cannot be followed', { addresses, error })
    }
  }

  /** A worker tells all managers, and each passes it on: the same comes more than once. */
  #take(event: PublishedEvent): void {
    const { source, sequence, atMs } = event
    const last = this.#last.get(source)
    // A process that was started again counts from the start, later.
    if (last !== undefined && sequence <= last.sequence && atMs <= last.atMs) return
    this.#last.delete(source)
    this.#last.set(source, { sequence, atMs })
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= sourcesMax) break
      this.#last.delete(oldest)
    }
    this.#options.onEvent(event)
  }
}
