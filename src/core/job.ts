/**
 * The record of a job: as the store keeps it (`JobRecord`) and as the owner holds it in memory (`Job`).
 * `instructions` are opaque bytes here; only workers, clients and the dashboard decode them.
 */
import type { JobState } from './job-transitions.ts'
import type { Token } from './token.ts'

export type JobId = string

/** Why a job is dead: a phase gave it up, its attempts are used up, or it took too many workers with it. */
export type DeathReason = 'rejected' | 'attempts' | 'crashed'

/** What went wrong in one attempt, as the worker reported it. */
export interface AttemptError {
  /** `thrown`, `timedOut`, `rejected`, `invalidResult`, … in the words of the worker. */
  readonly kind: string
  /** `name` of the error that was thrown: `TypeError`. */
  readonly name: string
  /** Its message. */
  readonly message: string
  /** Its stack, when it had one. */
  readonly stack?: string
}

/**
 * One ended attempt. Part of the mutation that ends it, so that history and state cannot disagree. Times in
 * milliseconds since 1970.
 */
export interface AttemptRecord {
  /** Index of the phase, from 0. */
  readonly phase: number
  /** From 1, in this phase. */
  readonly attempt: number
  /** Text of the token under which it ran. */
  readonly token: string
  /** Id of the worker, for people: `encode-video@encoder1:4242`. */
  readonly worker: string
  /** When it began. */
  readonly startedMs: number
  /** When it ended. */
  readonly endedMs: number
  /** `failed` is tried again, `dead` is not; `lost`: its worker is gone, and nobody knows how far it came. */
  readonly outcome: 'done' | 'failed' | 'dead' | 'cancelled' | 'lost'
  /** What went wrong, if anything did. */
  readonly error?: AttemptError
  /** With `failed`: when the next try was due. */
  readonly retryMs?: number
  /** With `done`: which of the instructions it has set; absent when the worker did not say. */
  readonly keys?: readonly string[]
}

/** Who has been running a job for longer than `runningRecordAfterMs`. */
export interface RunningNote {
  /** Text of the token under which it runs. */
  readonly token: string
  /** Id of the worker, for people. */
  readonly worker: string
  /** Which start of that worker process: random, never used twice. */
  readonly incarnation: string
  /** Where the worker takes orders: `tcp://encoder1:3000`. */
  readonly address: string
  /** Since when, in milliseconds since 1970. */
  readonly sinceMs: number
  /** A relay stands at that address, and brings the orders to the worker. Absent: no. */
  readonly relayed?: boolean
}

/** A job as the store keeps it. Times in milliseconds since 1970. */
export interface JobRecord {
  /** At most 128 bytes of UTF-8. */
  readonly id: JobId
  /** Number of its shard, from 0. */
  readonly shard: number
  /** Order of arrival within the shard; never used twice. */
  readonly sequence: number
  /** A job that a worker has is kept as `ready` or `scheduled`: grants are not written. */
  readonly state: Exclude<JobState, 'granted'>
  /** Index of the phase it is in. */
  readonly phase: number
  /** −10 … 10, higher first. */
  readonly priority: number
  /** Counted attempts of the current phase. */
  readonly attempts: number
  /** Workers that died while they held it alone, in the current phase. */
  readonly crashes: number
  /** 0 = the phase's own limit; redrive raises it. */
  readonly attemptsMax: number
  /** When the manager took it. */
  readonly enqueuedMs: number
  /** Since when it has been ready in this phase, or until when it is scheduled. */
  readonly dueMs: number
  /** When it settled: done, dead or cancelled. */
  readonly endedMs?: number
  /** As they are now, encoded. A store keeps the bytes as they are. */
  readonly instructions: Uint8Array
  /** Of the instructions as they were enqueued: tells a repeated enqueue from a conflicting one. */
  readonly checksum: number
  /** Adoption needs a token at or above this fence; '' = any. */
  readonly tokenMin: string
  /** It was with a process that died: to be granted alone. */
  readonly suspect: boolean
  /** With whom it has been running for long; what a new owner asks that worker about. */
  readonly running?: RunningNote
  /** Only when dead. */
  readonly deathReason?: DeathReason
  /** First line of the last error. */
  readonly lastError?: string
  /** Texts of the tokens whose results were applied, oldest first. */
  readonly applied: readonly string[]
  /** The job that this one does again, from the phase in which it began; absent for every other. */
  readonly replayOf?: JobId
}

/** A job in the owner's memory. Mutable: it belongs to the core alone. */
export interface Job {
  readonly id: JobId
  readonly sequence: number
  readonly priority: number
  readonly enqueuedMs: number
  state: JobState
  phase: number
  attempts: number
  crashes: number
  attemptsMax: number
  dueMs: number
  instructions: Uint8Array
  tokenMin: string
  /** A process died while it held the job. */
  suspect: boolean
  /** It must be with a worker that holds nothing else: a second process has died with it. */
  alone: boolean
  /** Texts of the tokens whose results were applied. */
  applied: string[]
  /** What its record says of it: a due job is still `scheduled` there until something is written. */
  storedAs: 'ready' | 'scheduled'
  /** Index of the phase in whose ready queue an entry of it lies; −1 = none. */
  queuedIn: number
  grant: Grant | undefined
}

/** A token among those that one owner knows: the sequence of its own, the text of adopted ones. */
export type TokenKey = number | string

/** A job handed to a worker under a token. */
export interface Grant {
  readonly job: Job
  readonly token: Token
  /** `Shard.keyOf(token)`: its place among the grants of the worker. */
  readonly key: TokenKey
  readonly incarnation: string
  readonly phase: number
  readonly attempt: number
  /** Its place on the worker's stream; 0 when the grant was adopted. */
  readonly order: number
  readonly grantedMs: number
  /** When the worker began to run it, by a digest; 0 = not known. */
  startedMs: number
  /** How long the run took, by the worker's clock; 0 until it has ended. */
  tookMs: number
  received: boolean
  noted: boolean
  /** Digests in a row that did not name it although it was received. */
  missing: number
}

/** The job as a record becomes the job in memory. */
export function jobOf(record: JobRecord): Job {
  const { id, sequence, priority, enqueuedMs, state, phase, attempts, crashes } = record
  const { attemptsMax, dueMs, instructions, tokenMin, suspect } = record
  // Written out, here and in other hot places: an object built by spreading is slow to read ever after.
  return {
    id,
    sequence,
    priority,
    enqueuedMs,
    state,
    phase,
    attempts,
    crashes,
    attemptsMax,
    dueMs,
    instructions,
    tokenMin,
    suspect,
    alone: suspect && crashes > 0,
    applied: [...record.applied],
    storedAs: state === 'scheduled' ? 'scheduled' : 'ready',
    queuedIn: -1,
    grant: undefined,
  }
}
