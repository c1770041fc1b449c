/**
 * Results that a worker keeps until the manager has committed them. Only silence is retried: any of the
 * four answers ends the matter. Entries belong to an owner (pipeline and shard), not to a stream, so they
 * move to a new owner's stream by themselves.
 */
import type { Result } from './event.ts'
import { TransientMap } from './transient-map.ts'

interface Entry {
  readonly owner: string
  readonly result: Result
  /** 0 = to be sent now. */
  sentMs: number
}

export class Outbox {
  readonly #entries = new TransientMap<number, Entry>()
  #unsent: Entry[] = []
  #lastEntry = 0

  get size(): number {
    return this.#entries.size
  }

  get hasUnsent(): boolean {
    return this.#unsent.length > 0
  }

  add(owner: string, result: Omit<Result, 'entry'>): void {
    const number = this.#lastEntry + 1
    this.#lastEntry = number
    const { token, jobId, phase, attempt, startedMs, endedMs, outcome } = result
    const kept = { entry: number, token, jobId, phase, attempt, startedMs, endedMs, outcome }
    const entry: Entry = { owner, result: kept, sentMs: 0 }
    this.#entries.set(number, entry)
    this.#unsent.push(entry)
  }

  /** Ends the matter; returns the result that was kept, or `undefined` for a repeated answer. */
  answered(entry: number): Result | undefined {
    const kept = this.#entries.get(entry)
    this.#entries.delete(entry)
    return kept?.result
  }

  /**
   * Takes results of the owner that have to be sent now: at most so many, and at least one that ends when their
   * instructions come to so many bytes. A message that is too large for its door would cut the connection, and
   * be sent again on the next one.
   */
  takeUnsent(owner: string, nowMs: number, max: { results: number; bytes: number }): Result[] {
    if (this.#unsent.length === 0) return []
    const taken: Result[] = []
    let bytes = 0
    const left: Entry[] = []
    for (const entry of this.#unsent) {
      if (!this.#entries.has(entry.result.entry)) continue
      const isFull = taken.length >= max.results || bytes >= max.bytes
      if (entry.owner !== owner || isFull) {
        left.push(entry)
        continue
      }
      entry.sentMs = nowMs
      taken.push(entry.result)
      bytes += bytesOf(entry.result)
    }
    this.#unsent = left
    return taken
  }

  /** Those of the owner that were sent at or before `sentMs` are to be sent again. */
  sendAgain(owner: string, sentMs: number): void {
    for (const entry of this.#entries.values()) {
      if (entry.owner !== owner || entry.sentMs === 0 || entry.sentMs > sentMs) continue
      entry.sentMs = 0
      this.#unsent.push(entry)
    }
  }

  all(): Iterable<{ readonly owner: string; readonly result: Result }> {
    return this.#entries.values()
  }
}

function bytesOf({ outcome }: Result): number {
  return outcome.type === 'done' ? outcome.instructions.length : 0
}
