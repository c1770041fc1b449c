/**
 * Numbers and encodes events for one event door. Nothing is encoded that nobody has subscribed to, and numbers
 * are counted only then: a hole in them tells a subscriber of everything that it missed something.
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
  /** What topics begin with → how many have subscribed to it. */
  readonly #subscriptions = new Map<string, number>()

  /** `source`: id of the process, for people. */
  constructor(source: string, nowMs: () => number) {
    this.#source = source
    this.#nowMs = nowMs
  }

  get isObserved(): boolean {
    return this.#subscriptions.size > 0
  }

  /** Whether somebody has subscribed to one of these. */
  wantsAnyOf(topics: readonly string[]): boolean {
    const wanted = [...this.#subscriptions.keys()]
    return topics.some((topic) => wanted.some((beginning) => topic.startsWith(beginning)))
  }

  /** A door that was just opened: nobody has subscribed to it yet. */
  attach(door: Door): void {
    this.#door = door
    this.#subscriptions.clear()
  }

  subscribed(topic: string): void {
    this.#subscriptions.set(topic, (this.#subscriptions.get(topic) ?? 0) + 1)
  }

  unsubscribed(topic: string): void {
    const left = (this.#subscriptions.get(topic) ?? 0) - 1
    if (left > 0) this.#subscriptions.set(topic, left)
    else this.#subscriptions.delete(topic)
  }

  publish(topic: string, fields: Readonly<Record<string, unknown>>): void {
    if (!this.wantsAnyOf([topic])) return
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

/** Of events of which every job makes some: a manager at work makes tens of thousands a second. */
export const jobTopics: readonly string[] = [
  ...['job.ready', 'phase.done', 'phase.failed', 'job.done', 'job.dead', 'job.cancelled'],
]
