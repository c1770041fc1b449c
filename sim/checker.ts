/**
 * What a checker is: it sees every step as it is decided, every effect as it leaves, every commit, every
 * answer that arrives, and the world at rest. It says what must be true by throwing a `Violation`.
 */
import type { Effect } from '../src/core/effect.ts'
import type { Event } from '../src/core/event.ts'
import type { JobRecord } from '../src/core/job.ts'
import type { Group, Mutation } from '../src/core/mutation.ts'
import type { Step } from '../src/core/shard.ts'
import type { ShardStatus } from '../src/core/status.ts'

export class Violation extends Error {
  override readonly name = 'Violation'
  readonly invariant: string

  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`)
    this.invariant = invariant
  }
}

/** One ownership of the shard, as the checkers see it. */
export interface Ownership {
  readonly manager: string
  readonly epoch: number
  readonly nonce: string
  status(): ShardStatus
  /** The worker that has the job now, adopted ones included. */
  holderOf(id: string): string | undefined
}

export interface Change {
  readonly mutation: Mutation
  readonly before: JobRecord | undefined
  readonly after: JobRecord | undefined
}

export interface Commit {
  readonly group: Group
  readonly changes: readonly Change[]
}

export interface Checker {
  /** `I4`, as in docs/guarantees.md. */
  readonly invariant: string
  /** A step was decided; nothing of it is durable or sent yet. */
  onStep?(owner: Ownership, event: Event, step: Step): void
  /** An effect leaves the gate. */
  onEffect?(owner: Ownership, effect: Effect): void
  /** A group was applied, once. */
  onCommit?(commit: Commit): void
  /** A worker begins to run a grant. */
  onRun?(run: {
    readonly incarnation: string
    readonly token: string
    readonly jobId: string
  }): void
  /** Nothing is under way between processes, and no commit or load. */
  atRest?(owner: Ownership): void
  atEnd?(): void
}
