/**
 * What a phase sees of the run it is part of: who it is, when to stop, and where to speak.
 */

/**
 * Structured log lines, for the worker's own log and published live (`carbontube logs`, the dashboard). Anything
 * may be logged: what cannot travel becomes text, and no line fails an attempt.
 */
export interface PhaseLog {
  /** For developers; the worker's own log has it only with `--log-level debug`. */
  debug(message: string, fields?: LogFields): void
  /** What is worth knowing. */
  info(message: string, fields?: LogFields): void
  /** What is odd and did no harm. */
  warn(message: string, fields?: LogFields): void
  /** What went wrong; the attempt goes on, unless it throws as well. */
  error(message: string, fields?: LogFields): void
}

/** Values beside a log message; what cannot travel is shown as text. */
export type LogFields = Readonly<Record<string, unknown>>

/** The second argument of `execute`: one per attempt, of no use after it. */
export interface Context {
  /** Id of the job. */
  readonly jobId: string
  /** The job type of the phase that runs. */
  readonly phase: string
  /** Name of the pipeline the job belongs to. */
  readonly pipeline?: string
  /** 1 for the first attempt of this phase; an attempt that got lost with its worker is not counted. */
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
  /**
   * Aborted when the result is of no use any more: hand it to whatever can be stopped. `signal.reason` is an
   * `AbortError` whose message is `timedOut`, `cancelled`, `superseded` (the job was granted anew) or `shutdown`.
   * A run that goes on all the same costs its slot, and in the end the worker (CT_STUCK_RUN).
   */
  readonly signal: AbortSignal
  /** For lines about this attempt. */
  readonly log: PhaseLog
  /** Tells people how far it is, 0 … 1, with a note. The time-out goes on as before. */
  progress(fraction: number, note?: string): void
  /** Publishes "still at it" without a number. The time-out goes on as before. */
  heartbeat(): void
}
