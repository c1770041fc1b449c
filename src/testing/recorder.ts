/**
 * What happened in a run in memory: attempts and log lines, with times on a clock that jumps over waits.
 */
import type { AttemptError } from '../core/job.ts'
import type { Clock } from '../runtime/clock.ts'

/** One attempt of one phase. */
export interface TraceEntry {
  /** Its job type. */
  readonly phase: string
  /** From 1. */
  readonly attempt: number
  /** It returned, and what it returned could be merged. */
  readonly ok: boolean
  /** Milliseconds since 1970, waits included. */
  readonly startedMs: number
  /** How long it took, in milliseconds. */
  readonly durationMs: number
  /** What it failed with, as a worker reports it. */
  readonly error?: AttemptError
  /** How long a real pipeline would wait at most before the next attempt; absent without one. */
  readonly retryInMs?: number
}

/** One line that a phase logged. */
export interface LogEntry {
  /** When, in milliseconds since 1970, waits included. */
  readonly atMs: number
  /** Job type of the phase. */
  readonly phase: string
  /** From 1, in this phase. */
  readonly attempt: number
  /** The method of `context.log` that was called. */
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** Its first argument. */
  readonly message: string
  /** Its second argument, as it can travel; empty without one. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** A line as it comes from the phase. */
export type Logged = Omit<LogEntry, 'atMs'>

/** An attempt under way. */
export type Started = Pick<TraceEntry, 'phase' | 'attempt' | 'startedMs'>

export class Recorder {
  readonly trace: TraceEntry[] = []
  readonly logs: LogEntry[] = []
  readonly #clock: Clock
  #waitedMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  begin(attempt: Pick<TraceEntry, 'phase' | 'attempt'>): Started {
    return { ...attempt, startedMs: this.#nowMs() }
  }

  /** Ends an attempt; `retryInMs` is skipped on the clock. */
  end(started: Started, error?: AttemptError, retryInMs?: number): void {
    this.trace.push({
      ...started,
      ok: error === undefined,
      durationMs: this.#nowMs() - started.startedMs,
      ...(error === undefined ? {} : { error }),
      ...(retryInMs === undefined ? {} : { retryInMs }),
    })
    this.#waitedMs += retryInMs ?? 0
  }

  log(line: Logged): void {
    this.logs.push({ ...line, atMs: this.#nowMs() })
  }

  #nowMs(): number {
    return this.#clock.nowMs() + this.#waitedMs
  }
}
