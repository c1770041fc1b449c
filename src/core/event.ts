/**
 * What has happened, in the past tense: everything the owner of a shard can be told. All time is in the
 * event (`nowMs`, milliseconds since 1970), so the same state and the same event give the same step.
 */
import type { AttemptError, JobId, JobRecord } from './job.ts'
import type { CommitAnswer } from './mutation.ts'
import type { ReadySummary } from './ready-queue.ts'
import type { Token } from './token.ts'

/** Who a worker is and what it can do; in its beats and its published announcements. */
export interface WorkerInfo {
  /** For people: `encode-video@encoder1:4242`. */
  readonly id: string
  /** One start of a worker process: random, never used twice. */
  readonly incarnation: string
  /** Where its PULL door is: `tcp://encoder1:3000`. */
  readonly address: string
  readonly jobType: string
  readonly concurrency: number
  readonly host: string
  readonly pid: number
  readonly version: string
  /** Grants come through a relay: the connection to `address` is the relay's, and outlives the worker. Absent: no. */
  readonly relayed?: boolean
}

/** How the process of a worker is, for people. */
export interface WorkerHealth {
  /** Memory that it has of its machine (resident set), in bytes. */
  readonly rssBytes: number
  /** How late its timers have been lately, at worst, in milliseconds. */
  readonly loopLagMs: number
}

/** One job as a client submits it. */
export interface SubmittedJob {
  readonly id: JobId
  readonly priority: number
  readonly instructions: Uint8Array
  readonly checksum: number
  /** When the client first sent it, by the client's clock; 0 = unknown. */
  readonly sentMs: number
  /** It does another job again, from this phase on. */
  readonly replay?: { readonly of: JobId; readonly phase: number }
}

export type Outcome =
  | {
      readonly type: 'done'
      readonly instructions: Uint8Array
      /** Which of them the phase has set, for people; absent when it does not say, or they are many. */
      readonly keys?: readonly string[]
    }
  | {
      readonly type: 'failed'
      readonly error: AttemptError
      /** `default`: with backoff; `never`: dead; a number: again after so many milliseconds. */
      readonly retry: 'default' | 'never' | number
    }
  /** Given back without a charge: never started, worker drains, wrong incarnation. */
  | { readonly type: 'released'; readonly reason: string }

/** One entry of a worker's outbox: what became of a grant. */
export interface Result {
  /** Number of the entry on the worker's side; the answer names it. */
  readonly entry: number
  readonly token: Token
  readonly jobId: JobId
  readonly phase: number
  readonly attempt: number
  readonly startedMs: number
  readonly endedMs: number
  readonly outcome: Outcome
}

/** A token that a worker holds: running, queued or finished and unanswered. */
export interface HeldToken {
  readonly token: Token
  readonly jobId: JobId
  readonly phase: number
  readonly attempt: number
  readonly state: 'queued' | 'running' | 'finished'
  /** 0 when it has not started. */
  readonly startedMs: number
}

/** What a worker says on its sequenced PUSH, as it leaves and as it arrives: acknowledgements, credit, results, and the digest in a beat. */
export interface WorkerReport {
  readonly incarnation: string
  /** The stream it answers; '' when it knows none yet. */
  readonly stream: string
  /** Of the stream's owner; left out when there is none. */
  readonly pipeline?: string
  readonly shard?: number
  /** Grows with every report of the stream; older ones that arrive late are ignored but for results. */
  readonly number: number
  /** Jobs it lets this owner have with it at once. */
  readonly credit: number
  /** Newest ping it has seen. */
  readonly ping: number
  /** Orders received: all up to `through`, and these later ones. */
  readonly through: number
  readonly also: readonly number[]
  readonly leaving: boolean
  /** Slots lost to runs that ignore their abort; left out: none. */
  readonly stuck?: number
  readonly results: readonly Result[]
  /** Only in beats and in the answer to a roll call. */
  readonly info?: WorkerInfo
  readonly health?: WorkerHealth
  readonly held?: readonly HeldToken[]
  /** In a hello: messages for this incarnation came to the sender's door, so it is there no more. */
  readonly insteadOf?: string
}

/** Why a worker is gone. */
export type LossCause =
  /** Connection refused: the process is dead. */
  | 'refused'
  /** Another incarnation answers at its address: the process is dead. */
  | 'replaced'
  /** It cannot be reached; it may still run. Never counts as a crash. */
  | 'linkLost'

export type Event =
  /** First event of an owner: what the store holds. */
  | {
      readonly type: 'OwnershipTaken'
      readonly nowMs: number
      readonly lastSequence: number
      readonly phases: readonly ReadySummary[]
      readonly settled: {
        readonly done: number
        readonly dead: number
        readonly cancelled: number
      }
      readonly nextDueMs: number | undefined
      readonly paused: readonly number[]
      /** Unsettled jobs whose record says with whom they have been running. */
      readonly noted: readonly JobRecord[]
    }
  | {
      readonly type: 'JobsSubmitted'
      readonly nowMs: number
      /** Opaque to the core; comes back in `AnswerClient`. */
      readonly request: string
      readonly jobs: readonly SubmittedJob[]
    }
  | {
      readonly type: 'GroupCommitted'
      readonly nowMs: number
      readonly answer: CommitAnswer
    }
  /** The store had no room: nothing of the group was applied. Only groups of inserts can be refused. */
  | { readonly type: 'GroupRefused'; readonly nowMs: number; readonly inserts: number }
  | { readonly type: 'WorkerAnnounced'; readonly nowMs: number; readonly info: WorkerInfo }
  /** The connection to its PULL door stands (first time or again). */
  | { readonly type: 'WorkerConnected'; readonly nowMs: number; readonly incarnation: string }
  /** The connection broke; what follows (connected again, or lost) comes as an event of its own. */
  | { readonly type: 'WorkerDisconnected'; readonly nowMs: number; readonly incarnation: string }
  | { readonly type: 'WorkerReported'; readonly nowMs: number; readonly report: WorkerReport }
  | {
      readonly type: 'WorkerLost'
      readonly nowMs: number
      readonly incarnation: string
      readonly cause: LossCause
    }
  | {
      readonly type: 'ReadyLoaded'
      readonly nowMs: number
      /** Number of the load that this answers. */
      readonly load: number
      readonly phase: number
      readonly jobs: readonly JobRecord[]
      /** The store has no more ready jobs of the phase behind these. */
      readonly exhausted: boolean
    }
  | {
      readonly type: 'DueLoaded'
      readonly nowMs: number
      /** Number of the load that this answers. */
      readonly load: number
      readonly jobs: readonly JobRecord[]
      readonly nextDueMs: number | undefined
    }
  | {
      readonly type: 'JobsLookedUp'
      readonly nowMs: number
      /** Number of the load that this answers. */
      readonly load: number
      readonly ids: readonly JobId[]
      readonly jobs: readonly JobRecord[]
    }
  | {
      readonly type: 'CancelRequested'
      readonly nowMs: number
      readonly request: string
      readonly id: JobId
    }
  /** Dead jobs are to be ready again, at the phase in which they failed. */
  | {
      readonly type: 'RedriveRequested'
      readonly nowMs: number
      readonly request: string
      readonly ids: readonly JobId[]
    }
  /** Dead jobs are given up for good. */
  | {
      readonly type: 'DiscardRequested'
      readonly nowMs: number
      readonly request: string
      readonly ids: readonly JobId[]
    }
  /** Nothing new of these phases is to be granted; without `phases`, of the whole pipeline. */
  | {
      readonly type: 'PauseRequested'
      readonly nowMs: number
      readonly request: string
      readonly phases?: readonly number[]
    }
  | {
      readonly type: 'ResumeRequested'
      readonly nowMs: number
      readonly request: string
      readonly phases?: readonly number[]
    }
  /** A worker is to take no more, finish what runs, and end; or, while it does, to go on as before. */
  | {
      readonly type: 'WorkerDrainRequested' | 'WorkerResumeRequested'
      readonly nowMs: number
      readonly request: string
      /** Its id, or its incarnation. */
      readonly worker: string
    }
  /** Whether somebody listens to what becomes of jobs. */
  | { readonly type: 'ObserversChanged'; readonly nowMs: number; readonly observed: boolean }
  /** The manager stops: no new grants, no new jobs; what runs may finish. */
  | { readonly type: 'DrainRequested'; readonly nowMs: number }
  | { readonly type: 'TimerFired'; readonly nowMs: number }
