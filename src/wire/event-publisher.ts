/**
 * Numbers and encodes events for one event door. Nothing is encoded while nobody listens, and numbers are
 * counted only then: a hole in them tells a subscriber that it missed something.
 */
import { encodePublished } from './published.ts'

interface Door {
  publish(frames: readonly Uint8Array[]): void
}

export class EventPublisher {
  readonly #source: string
  readonly #nowMs: () => number
  #door: Door | undefined
  #sequence = 0
  #subscriptions = 0

  /** `source`: id of the process, for people. */
  constructor(source: string, nowMs: () => number) {
    this.#source = source
    this.#nowMs = nowMs
  }

  get isObserved(): boolean {
    return this.#subscriptions > 0
  }

  /** A door that was just opened: nobody has subscribed to it yet. */
  attach(door: Door): void {
    this.#door = door
    this.#subscriptions = 0
  }

  subscriptionsChanged(by: 1 | -1): void {
    this.#subscriptions = Math.max(0, this.#subscriptions + by)
  }

  publish(topic: string, fields: Readonly<Record<string, unknown>>): void {
    if (!this.isObserved) return
    this.#sequence += 1
    const [source, sequence, atMs] = [this.#source, this.#sequence, this.#nowMs()]
    this.passOn(encodePublished({ topic, source, sequence, atMs, fields }))
  }

  /** An event of another process, as it came. */
  passOn(frames: readonly Uint8Array[]): void {
    if (this.isObserved) this.#door?.publish(frames)
  }
}

/** `phaseDone` → `phase.done`. */
export function topicOf(type: string): string {
  return type.replace(/([A-Z])/, (letter) => `.${letter.toLowerCase()}`)
}
