/**
 * What the core knows of a pipeline: plain data, compiled from the classes a user writes
 * (see `pipeline/compile.ts`). Nothing here can be called, so it can be logged, stored and compared.
 */

/** How often and how fast a failed phase is tried again. Times in milliseconds. */
export interface RetrySpec {
  /** Counted executions of the phase before the job is dead; default 5. */
  readonly attempts: number
  /** Deaths of a worker that held the job alone before the job is dead; default 3. */
  readonly crashes: number
  /** Default `exponential`. */
  readonly backoff: 'fixed' | 'exponential'
  /** Before the second attempt; default 1,000. */
  readonly delayMs: number
  /** Each delay is this many times the one before, when exponential; default 2. */
  readonly factor: number
  /** No delay is longer; default 300,000, or `delayMs` when that is longer. */
  readonly delayMsMax: number
  /** Full jitter: the delay is drawn from 0 to the computed one; default true. */
  readonly jitter: boolean
}

/** A phase of a pipeline, with the options that count. */
export interface PhaseSpec {
  /** Its name. */
  readonly jobType: string
  /** How it is tried again. */
  readonly retry: RetrySpec
  /** Longest run of one attempt, in milliseconds; default 30 minutes. */
  readonly timeoutMs: number
}

export interface PipelineSpec {
  readonly name: string
  readonly phases: readonly PhaseSpec[]
}
