/** What happens to a worker, and what its protocol machine orders: the unions of `worker-protocol.ts`. */
import type { ResultAnswer } from './effect.ts'
import type { Outcome, WorkerReport } from './event.ts'
import type { JobId } from './job.ts'
import type { Token } from './token.ts'

/** First message of a manager on a new PUSH: it names the stream and calls the roll. */
export interface StreamOpen {
  /** Who must answer; another incarnation introduces itself. */
  readonly incarnation: string
  readonly manager: string
  readonly pipeline: string
  readonly shard: number
  readonly epoch: number
  /** Nonce of the owner: names the stream together with the incarnation. */
  readonly stream: string
  /** Address of the manager's pull door. */
  readonly pull: string
  readonly nextOrder: number
  readonly ping: number
}

export type WireOrder =
  | {
      readonly type: 'grant'
      readonly order: number
      readonly token: Token
      readonly jobId: JobId
      readonly phase: number
      readonly attempt: number
      readonly timeoutMs: number
      readonly instructions: Uint8Array
    }
  | {
      readonly type: 'abort'
      readonly order: number
      readonly token: Token
      readonly reason: 'cancelled' | 'superseded'
    }
  | { readonly type: 'skip'; readonly order: number }
  /** Take no more, finish what runs, and end. */
  | { readonly type: 'drain' | 'resume'; readonly order: number }

export interface Orders {
  readonly incarnation: string
  readonly stream: string
  readonly epoch: number
  readonly ping: number
  /** Number of the newest report of the worker that the owner has read. Default 0. */
  readonly seen?: number
  /** Jobs that wait there for a slot of this worker's phase. Default 0. */
  readonly waiting?: number
  readonly orders: readonly WireOrder[]
  readonly answers: readonly { readonly entry: number; readonly answer: ResultAnswer }[]
}

export type AbortReason = 'cancelled' | 'superseded' | 'timedOut' | 'shutdown'

export interface EndedRun {
  /** The number of the run, as in `StartRun`. */
  readonly run: number
  readonly outcome: Outcome
  /** How long it took, in milliseconds with fractions: the measure for prefetch. */
  readonly durationMs: number
}

export type WorkerEvent =
  | { readonly type: 'StreamOpened'; readonly nowMs: number; readonly open: StreamOpen }
  | { readonly type: 'OrdersReceived'; readonly nowMs: number; readonly orders: Orders }
  /** Runs have ended since the last time. */
  | { readonly type: 'RunsEnded'; readonly nowMs: number; readonly ended: readonly EndedRun[] }
  /** The shell has handled what was there: send what has gathered. */
  | { readonly type: 'TurnEnded'; readonly nowMs: number }
  | { readonly type: 'TimerFired'; readonly nowMs: number }
  /** For the last `ms` this process did not run at all: its host was suspended, or it was stopped. */
  | { readonly type: 'WasAsleep'; readonly nowMs: number; readonly ms: number }
  /** A manager can be reached: say who is here, without waiting for the beat. */
  | { readonly type: 'HelloWanted'; readonly nowMs: number }
  /** Take no more; finish what runs. */
  | { readonly type: 'DrainRequested'; readonly nowMs: number }
  /** The drain deadline is over: abort what still runs. */
  | { readonly type: 'DrainOverdue'; readonly nowMs: number }

export type WorkerEffect =
  | {
      readonly type: 'SendReport'
      /** Pull door of the stream's manager. */
      readonly pull: string
      readonly report: WorkerReport
    }
  /** On every PUSH but those to these pull doors: who is there knows this worker by its beat. */
  | { readonly type: 'SayHello'; readonly except: readonly string[]; readonly report: WorkerReport }
  /** A hello on every PUSH and, if that is none of ours, to the pull door of a manager that looks for another. */
  | { readonly type: 'Introduce'; readonly pull: string; readonly report: WorkerReport }
  | {
      readonly type: 'StartRun'
      /** Names the run between machine and shell. */
      readonly run: number
      readonly token: Token
      readonly pipeline: string
      readonly jobId: JobId
      readonly phase: number
      readonly attempt: number
      readonly instructions: Uint8Array
    }
  | { readonly type: 'AbortRun'; readonly run: number; readonly reason: AbortReason }
  /** A run ignores its abort: the slot is lost until the worker restarts. */
  | { readonly type: 'RunStuck'; readonly run: number; readonly jobId: JobId }
  /** A manager wants this worker to end once its jobs have: the drain has begun. */
  | { readonly type: 'DrainOrdered' }
  /** It has taken that back. */
  | { readonly type: 'ResumeOrdered' }
  /** Everything has ended and has been answered. */
  | { readonly type: 'Drained' }
