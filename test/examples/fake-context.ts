/**
 * A context for calling `execute` of a phase directly, without a worker: the same job always gets
 * the same idempotency key, and every context a fence of its own, as from a manager.
 */
import { traceparentOf, type Context } from 'carbontube'

export interface FakeContext extends Context {
  readonly progressed: number[]
}

let sequence = 0

export function fakeContext(phase: string, signal = new AbortController().signal): FakeContext {
  const ignore = () => {}
  const progressed: number[] = []
  sequence += 1
  return {
    jobId: 'job-1',
    phase,
    attempt: 1,
    fence: `0000000000000001-${String(sequence).padStart(12, '0')}`,
    idempotencyKey: `job-1/${phase}`,
    traceparent: traceparentOf('job-1'),
    signal,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    progress: (fraction) => progressed.push(fraction),
    heartbeat: ignore,
    progressed,
  }
}
