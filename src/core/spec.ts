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
  readonly backoff: 'fixed' | 'exponential'
  readonly delayMs: number
  readonly factor: number
  readonly delayMsMax: number
  /** Full jitter: the delay is drawn from 0 to the computed backoff. */
  readonly jitter: boolean
}

export interface PhaseSpec {
  readonly jobType: string
  readonly retry: RetrySpec
  /** Longest run of one attempt, in milliseconds; default 30 minutes. */
  readonly timeoutMs: number
}

export interface PipelineSpec {
  readonly name: string
  readonly phases: readonly PhaseSpec[]
}
