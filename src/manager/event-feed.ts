/**
 * The manager's event door: its own events, and those of its workers passed on as they came. Nothing is
 * encoded while nobody listens.
 */
import type { Published } from '../core/effect.ts'
import type { Frames, PublishingDoor } from '../transport/contract.ts'
import { encodePublished } from '../wire/published.ts'

export class EventFeed {
  readonly #source: string
  readonly #nowMs: () => number
  #door: PublishingDoor | undefined
  #sequence = 0
  #subscriptions = 0

  constructor(source: string, nowMs: () => number) {
    this.#source = source
    this.#nowMs = nowMs
  }

  get isObserved(): boolean {
    return this.#subscriptions > 0
  }

  attach(door: PublishingDoor): void {
    this.#door = door
  }

  subscriptionsChanged(by: 1 | -1): void {
    this.#subscriptions = Math.max(0, this.#subscriptions + by)
  }

  publish(event: Published): void {
    if (!this.isObserved) return
    const { type, ...fields } = event
    this.#sequence += 1
    const topic = type.replace(/([A-Z])/, (letter) => `.${letter.toLowerCase()}`)
    const sequence = this.#sequence
    const atMs = this.#nowMs()
    this.#door?.publish(encodePublished({ topic, source: this.#source, sequence, atMs, fields }))
  }

  /** A worker's event, as it came. */
  passOn(frames: Frames): void {
    if (this.isObserved) this.#door?.publish(frames)
  }
}
