/** Virtual time: what is to happen, in order of time and, at the same time, in the order it was planned. */
import { Heap } from '../src/core/heap.ts'

interface Entry {
  readonly atMs: number
  readonly number: number
  readonly act: () => void
}

/** Any date will do; this one makes traces readable. */
export const startMs = 1_700_000_000_000

export class Agenda {
  readonly #entries = new Heap<Entry>((a, b) =>
    a.atMs !== b.atMs ? a.atMs < b.atMs : a.number < b.number,
  )
  #planned = 0
  nowMs = startMs

  after(delayMs: number, act: () => void): void {
    this.#planned += 1
    this.#entries.push({ atMs: this.nowMs + Math.max(0, delayMs), number: this.#planned, act })
  }

  /** Does the next thing; `false` when there is none, or none before `untilMs`. */
  step(untilMs: number): boolean {
    const next = this.#entries.peek()
    if (next === undefined || next.atMs > untilMs) return false
    this.#entries.pop()
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.act()
    return true
  }

  /** All processes of the host were suspended: time has passed, nothing has happened. */
  suspend(ms: number): void {
    this.nowMs += ms
  }
}
