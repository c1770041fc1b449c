/**
 * What the core orders the shell to do, in the imperative. An effect leaves the commit gate only when
 * everything that was gathered before it is durable.
 */
import type { DeathReason, JobId } from './job.ts'
import type { Token } from './token.ts'
import type { ReadyKey } from './ready-queue.ts'
import type { DueKey } from './scheduled-jobs.ts'

/** What a worker is told of its results. All four end the matter for the worker. */
export type ResultAnswer = 'applied' | 'duplicate' | 'stale' | 'gone'

/**
 * What became of a job that was enqueued: `stored` now; `duplicate`, stored before under this id; `conflict`, this
 * id is that of another job; `expired`, sent longer than an hour ago; `busy`, too much waits; `full`, the store has
 * no room; `tooLarge`; `invalid`, for its id, its priority or the schema of the pipeline.
 */
export type SubmitOutcome =
  'stored' | 'duplicate' | 'conflict' | 'expired' | 'busy' | 'full' | 'tooLarge' | 'invalid'

/**
 * What became of an order about a dead job. `notDead`: somebody was first, or it never died. `noPhase`: the
 * pipeline no longer has the phase in which it failed.
 */
export type DeadOutcome = 'redriven' | 'discarded' | 'notDead' | 'notFound' | 'noPhase'

/** A fact for people; a hint, never the truth. */
export type Published =
  | { readonly type: 'jobReady'; readonly id: JobId; readonly phase: number }
  | {
      readonly type: 'phaseDone'
      readonly id: JobId
      readonly phase: number
      readonly worker: string
      readonly durationMs: number
    }
  | {
      readonly type: 'phaseFailed'
      readonly id: JobId
      readonly phase: number
      readonly worker: string
      readonly message: string
      readonly dueMs: number
    }
  | { readonly type: 'jobDone'; readonly id: JobId }
  | { readonly type: 'jobDead'; readonly id: JobId; readonly reason: DeathReason }
  | { readonly type: 'jobCancelled'; readonly id: JobId }
  | { readonly type: 'workerJoined'; readonly worker: string; readonly jobType: string }
  | {
      readonly type: 'workerLost'
      readonly worker: string
      readonly cause: string
      /** How many jobs it had. */
      readonly released: number
      /** Which, at most 20. */
      readonly jobs: readonly JobId[]
    }

export type Effect =
  | {
      readonly type: 'AnswerClient'
      readonly request: string
      readonly items: readonly { readonly id: JobId; readonly outcome: SubmitOutcome }[]
    }
  | {
      readonly type: 'AnswerCancel'
      readonly request: string
      readonly outcome: 'cancelled' | 'settled' | 'notFound'
    }
  | {
      readonly type: 'AnswerDead'
      readonly request: string
      readonly items: readonly { readonly id: JobId; readonly outcome: DeadOutcome }[]
    }
  /** All that is paused by now; −1 = the whole pipeline. */
  | { readonly type: 'AnswerPause'; readonly request: string; readonly paused: readonly number[] }
  | {
      readonly type: 'AnswerDrain'
      readonly request: string
      readonly outcome: 'draining' | 'resumed' | 'notFound'
    }
  /** Connect a PUSH to the worker's PULL door. */
  | {
      readonly type: 'ConnectWorker'
      readonly incarnation: string
      readonly address: string
      /** An earlier owner knew it: if the connection does not stand soon, find out whether it is dead. */
      readonly mayBeGone?: true
    }
  | { readonly type: 'DisconnectWorker'; readonly incarnation: string }
  /** First message on a new PUSH: names the stream and calls the roll. */
  | {
      readonly type: 'OpenStream'
      readonly incarnation: string
      readonly nextOrder: number
      readonly ping: number
    }
  | {
      readonly type: 'Grant'
      readonly incarnation: string
      readonly order: number
      readonly token: Token
      readonly jobId: JobId
      readonly phase: number
      readonly attempt: number
      readonly timeoutMs: number
      readonly instructions: Uint8Array
    }
  /** Fills an order that was given up, so that the stream has no hole. */
  | { readonly type: 'Skip'; readonly incarnation: string; readonly order: number }
  /** Stop the run under this token: superseded or cancelled. */
  | {
      readonly type: 'Abort'
      readonly incarnation: string
      readonly order: number
      readonly token: Token
      readonly reason: 'cancelled' | 'superseded'
    }
  /** Take no more, finish what runs, and end; or go on as before. */
  | { readonly type: 'Drain' | 'Resume'; readonly incarnation: string; readonly order: number }
  | {
      readonly type: 'Ping'
      readonly incarnation: string
      readonly ping: number
      /** Number of the newest report of the worker that was read: all grants of before have been sent. */
      readonly seen: number
      /** Jobs that wait for a slot of its phase. */
      readonly waiting: number
    }
  | {
      readonly type: 'AnswerResult'
      readonly incarnation: string
      readonly entry: number
      readonly answer: ResultAnswer
    }
  /** For whoever waits for this job. */
  | {
      readonly type: 'TellSettled'
      readonly id: JobId
      readonly state: 'done' | 'dead' | 'cancelled'
      /** What was written with it; absent when the store has to be asked. */
      readonly instructions?: Uint8Array | undefined
    }
  | { readonly type: 'Publish'; readonly event: Published }
  | {
      readonly type: 'LoadReady'
      /** Number of the load; its answer repeats it. */
      readonly load: number
      readonly phase: number
      readonly after: ReadyKey | undefined
      readonly limit: number
    }
  | {
      readonly type: 'LoadDue'
      readonly load: number
      readonly untilMs: number
      readonly after: DueKey | undefined
      readonly limit: number
    }
  | {
      readonly type: 'LookUpJobs'
      readonly load: number
      readonly ids: readonly JobId[]
      /** One such look-up after the other: what they bring is large, and nobody is held up by it. */
      readonly isInTurn: boolean
    }
