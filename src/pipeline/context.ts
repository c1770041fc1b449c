/**
 * What a phase sees of the run it is part of: who it is, when to stop, and where to speak.
 */

/** Structured log lines: kept in the worker's log and published live. */
export interface PhaseLog {
  /** For developers; not published unless the level asks for it. */
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/** Values beside a log message; what cannot travel is shown as text. */
export type LogFields = Readonly<Record<string, unknown>>

/** The second argument of `execute`: one per attempt, of no use after it. */
export interface Context {
  readonly jobId: string
  /** The job type of the phase that runs. */
  readonly phase: string
  /** The pipeline the job belongs to, when the worker was told. */
  readonly pipeline?: string
  /** 1 for the first counted attempt of this phase. */
  readonly attempt: number
  /**
   * Compares as text: a later grant of the same job has a greater fence. Hand it to a store that can
   * refuse writes of an older one.
   */
  readonly fence: string
  /** The same text in every attempt of this job in this phase: for services that take such a key. */
  readonly idempotencyKey: string
  /** W3C `traceparent` of the job, the same in all its phases: for calls of other services. */
  readonly traceparent: string
  /** Aborted on time-out, cancel, revoke and shutdown; `signal.reason` says which. */
  readonly signal: AbortSignal
  readonly log: PhaseLog
  /** How far it is, 0 … 1, with a note for people. Counts as a heartbeat. */
  progress(fraction: number, note?: string): void
  /** Says "still at it" without a number. */
  heartbeat(): void
}
