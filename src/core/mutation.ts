/**
 * What the core orders the store to write. A group of mutations is atomic and durable; each one is a
 * compare-and-set on (sequence, phase, attempts), which only this shard's owner may change.
 */
import type { AttemptRecord, DeathReason, JobId, JobRecord, RunningNote } from './job.ts'

/** Which stored state a mutation expects to find. */
export interface Expected {
  /** Of the job. */
  readonly id: JobId
  /** Its place in the order of arrival; finds it, since no other job of the shard has it. */
  readonly sequence: number
  /** Index of the phase in which it must be. */
  readonly phase: number
}

/**
 * One change of a shard. Times in milliseconds since 1970; `attempts` and `crashes` are the new counts of the
 * current phase; `ended` is the attempt that ends with it, for the history.
 */
export type Mutation =
  /** A new job. A known id is answered `duplicate` or `conflict` for that item only. */
  | { readonly type: 'insert'; readonly job: JobRecord }
  /** Phase done, the next one ready with no attempts, crashes or raised limit: one write. */
  | {
      readonly type: 'advance'
      readonly job: Expected
      readonly toPhase: number
      readonly readyMs: number
      readonly instructions: Uint8Array
      readonly ended: AttemptRecord
    }
  /** The phase failed and is due again at `dueMs`. */
  | {
      readonly type: 'retry'
      readonly job: Expected
      readonly dueMs: number
      readonly attempts: number
      readonly crashes: number
      readonly ended: AttemptRecord
    }
  | {
      readonly type: 'settle'
      readonly job: Expected
      readonly state: 'done' | 'dead' | 'cancelled'
      readonly endedMs: number
      readonly attempts: number
      readonly crashes: number
      /** Only when `done`. */
      readonly instructions?: Uint8Array | undefined
      readonly deathReason?: DeathReason | undefined
      /** Absent when the job was not with a worker. */
      readonly ended?: AttemptRecord | undefined
    }
  /** A grant was given up. What runs under a token below `tokenMin` can no longer be adopted. */
  | {
      readonly type: 'release'
      readonly job: Expected
      readonly tokenMin: string
      readonly suspect: boolean
      readonly crashes: number
      /** When the loss of the worker ended an attempt worth a record. */
      readonly ended?: AttemptRecord | undefined
    }
  /** It has been running for a while, and with whom. */
  | { readonly type: 'note'; readonly job: Expected; readonly running: RunningNote }
  /** A dead job is ready again in its phase. Its attempts stay; the limit is raised. */
  | {
      readonly type: 'redrive'
      readonly job: Expected
      readonly attemptsMax: number
      readonly readyMs: number
    }
  /** Gives a dead job up for good. */
  | { readonly type: 'discard'; readonly job: Expected }
  /** Takes a settled job out of the store. */
  | { readonly type: 'remove'; readonly job: Expected }
  /** Stops granting a phase, or the whole pipeline. */
  | { readonly type: 'pause'; readonly phase?: number }
  | { readonly type: 'resume'; readonly phase?: number }

/** One atomic, durable group. The same `id` again gets the same answer. */
export interface Group {
  /**
   * Text of (epoch, nonce, number): the store keeps the last one per shard. The nonce is in it because a
   * failover may hand out an epoch twice.
   */
  readonly id: string
  /** 1, 2, 3, … under one epoch: a store can see that a group is late. */
  readonly number: number
  /** All of them or none, in this order. */
  readonly mutations: readonly Mutation[]
}

/** What became of one `insert` of a group, in the order of the inserts. */
export interface InsertAnswer {
  /** Of the job that was to be inserted. */
  readonly id: JobId
  /** `duplicate`: the id was there, with the same checksum; `conflict`: with another one. Both change nothing. */
  readonly outcome: 'stored' | 'duplicate' | 'conflict'
}

/** What a commit answers, also when the same group comes again. */
export interface CommitAnswer {
  /** One for each `insert` of the group. */
  readonly inserts: readonly InsertAnswer[]
}
