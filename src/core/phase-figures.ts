/** What people want to know of a phase over time: attempts by outcome, how long they took, how long jobs waited. */
import { DurationCounter, type DurationCounts } from './duration-counts.ts'
import type { AttemptRecord } from './job.ts'

/** Attempts that have ended, by outcome, since this owner took over. */
export type EndedAttempts = Record<AttemptRecord['outcome'], number>

/** What became of a phase's attempts, and how long they took. */
export interface PhaseFigures {
  /** Attempts that have ended, by outcome, since this owner took over. */
  readonly ended: Readonly<Record<AttemptRecord['outcome'], number>>
  /** Of attempts that ended done or failed, from start to end. */
  readonly duration: DurationCounts
  /** From ready to granted. */
  readonly wait: DurationCounts
}

export class PhaseCounter {
  readonly #ended: EndedAttempts = { done: 0, failed: 0, dead: 0, cancelled: 0, lost: 0 }
  readonly #duration = new DurationCounter()
  readonly #wait = new DurationCounter()

  granted(waitedMs: number): void {
    this.#wait.add(waitedMs)
  }

  ended(outcome: AttemptRecord['outcome'], tookMs: number): void {
    this.#ended[outcome] += 1
    if (outcome !== 'lost' && outcome !== 'cancelled') this.#duration.add(tookMs)
  }

  read(): PhaseFigures {
    return { ended: { ...this.#ended }, duration: this.#duration.read(), wait: this.#wait.read() }
  }
}
