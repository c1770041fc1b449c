/**
 * Totals of a pipeline that only grow, out of what its shards count since their owners took over: a new
 * owner counts from 0 again, and what it has counted by then is added. One list of numbers, so that the
 * difference of two moments is one subtraction.
 */
import type { PhaseStatus, ShardStatus } from '../core/status.ts'

export const outcomes = ['done', 'failed', 'dead', 'cancelled', 'lost'] as const
export type AttemptOutcome = (typeof outcomes)[number]

const jobFields = ['stored', 'done', 'dead', 'cancelled'] as const

interface Seen {
  readonly epoch: number
  readonly values: readonly number[]
}

/** The totals at a moment, or the difference of two. */
export class Totals {
  readonly values: readonly number[]
  readonly #bounds: number

  /** @param bounds how many bounds the counts of durations have */
  constructor(values: readonly number[], bounds: number) {
    this.values = values
    this.#bounds = bounds
  }

  /** What has come since then; everything when the phases were others then. */
  since(before: Totals): Totals {
    const isSame = before.values.length === this.values.length
    const values = isSame
      ? this.values.map((value, at) => value - (before.values[at] ?? 0))
      : this.values
    return new Totals(values, this.#bounds)
  }

  jobs(field: (typeof jobFields)[number]): number {
    return this.values[jobFields.indexOf(field)] ?? 0
  }

  attempts(phase: number, outcome: AttemptOutcome): number {
    return this.values[this.#start(phase) + outcomes.indexOf(outcome)] ?? 0
  }

  sumMs(phase: number, of: 'duration' | 'wait'): number {
    return this.values[this.#start(phase) + outcomes.length + (of === 'wait' ? 1 : 0)] ?? 0
  }

  counts(phase: number, of: 'duration' | 'wait'): readonly number[] {
    const length = this.#bounds + 1
    const from = this.#start(phase) + outcomes.length + 2 + (of === 'wait' ? length : 0)
    return this.values.slice(from, from + length)
  }

  #start(phase: number): number {
    return jobFields.length + phase * (outcomes.length + 2 + 2 * (this.#bounds + 1))
  }
}

export class ShardTotals {
  readonly #seen = new Map<number, Seen>()
  readonly #bounds: number
  #sum: readonly number[] = []

  constructor(bounds: number) {
    this.#bounds = bounds
  }

  /** With what the shards say now; a shard that is not among them keeps what it had. */
  add(shards: readonly ShardStatus[]): Totals {
    for (const { shard, epoch, ...figures } of shards) {
      const values = this.#valuesOf(figures)
      const before = this.#seen.get(shard)
      const goesOn =
        before !== undefined && before.epoch === epoch && before.values.length === values.length
      if (values.length !== this.#sum.length) this.#sum = values.map(() => 0)
      this.#sum = this.#sum.map((sum, at) => {
        const value = values[at] ?? 0
        return sum + Math.max(0, goesOn ? value - (before.values[at] ?? 0) : value)
      })
      this.#seen.set(shard, { epoch, values })
    }
    return new Totals(this.#sum, this.#bounds)
  }

  #valuesOf({ counters, phases }: Pick<ShardStatus, 'counters' | 'phases'>): number[] {
    const jobs = jobFields.map((field) => counters[field])
    return [...jobs, ...phases.flatMap((phase) => this.#phaseValues(phase))]
  }

  #phaseValues({ ended, duration, wait }: PhaseStatus): number[] {
    // A manager of another version may have other bounds: what is not in both is left out.
    const counts = (list: readonly number[]) =>
      Array.from({ length: this.#bounds + 1 }, (_, at) => list[at] ?? 0)
    return [
      ...outcomes.map((outcome) => ended[outcome]),
      ...[duration.sumMs, wait.sumMs],
      ...counts(duration.counts),
      ...counts(wait.counts),
    ]
  }
}
