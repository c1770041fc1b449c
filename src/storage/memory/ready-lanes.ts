/**
 * The ready jobs of a shard in granting order, so that a refill does not sort the backlog. One lane per
 * (phase, priority) holds sequences in ascending order. A job that stops being ready leaves its entry
 * behind: readers skip it, and a lane is swept when more than half of it is stale.
 */
import type { ReadyCursor } from '../contract.ts'

interface Lane {
  readonly priority: number
  /** Ascending; entries of jobs that have left are among them. */
  sequences: number[]
  live: number
}

/** Sweeping a lane shorter than this is not worth it. */
const sweepAtLeast = 64

export class ReadyLanes {
  /** By phase; the lanes of a phase stand in granting order, priority descending. */
  readonly #phases = new Map<number, Lane[]>()

  add(phase: number, priority: number, sequence: number): void {
    const lane = this.#lane(phase, priority)
    const at = lowerBound(lane.sequences, sequence)
    if (lane.sequences[at] !== sequence) lane.sequences.splice(at, 0, sequence)
    lane.live += 1
  }

  /** `isLive` says of a sequence whether it is still ready in that phase. */
  drop(phase: number, priority: number, isLive: (sequence: number) => boolean): void {
    const lane = this.#lane(phase, priority)
    lane.live -= 1
    const { length } = lane.sequences
    if (length >= sweepAtLeast && lane.live * 2 < length) {
      lane.sequences = lane.sequences.filter(isLive)
    }
  }

  /** Sequences after the cursor in granting order, stale ones included. */
  *from(phase: number, after: ReadyCursor | undefined): Generator<number> {
    for (const lane of this.#phases.get(phase) ?? []) {
      if (after !== undefined && lane.priority > after.priority) continue
      const first = after?.priority === lane.priority ? after.sequence + 1 : 0
      const { sequences } = lane
      for (let at = lowerBound(sequences, first); at < sequences.length; at += 1) {
        yield sequences[at] ?? 0
      }
    }
  }

  #lane(phase: number, priority: number): Lane {
    let lanes = this.#phases.get(phase)
    if (lanes === undefined) this.#phases.set(phase, (lanes = []))
    const known = lanes.find((lane) => lane.priority === priority)
    if (known !== undefined) return known
    const lane: Lane = { priority, sequences: [], live: 0 }
    lanes.push(lane)
    lanes.sort((a, b) => b.priority - a.priority)
    return lane
  }
}

/** Index of the first entry that is not below `sequence`. Arrivals are mostly in order: the end is tried first. */
function lowerBound(sequences: readonly number[], sequence: number): number {
  const last = sequences.at(-1)
  if (last === undefined || last < sequence) return sequences.length
  let low = 0
  let high = sequences.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sequences[middle] ?? 0) < sequence) low = middle + 1
    else high = middle
  }
  return low
}
