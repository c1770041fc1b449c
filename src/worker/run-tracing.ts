/** Where a worker lets somebody watch its runs: each as a span of its job's trace. */
import type { Outcome } from '../core/event.ts'

export interface TracedRun {
  readonly jobId: string
  readonly pipeline: string
  readonly phase: string
  readonly attempt: number
}

/** Calls `execute` at once, and answers what it does. */
export type TraceRun = (
  run: TracedRun,
  execute: () => Outcome | Promise<Outcome>,
) => Outcome | Promise<Outcome>
