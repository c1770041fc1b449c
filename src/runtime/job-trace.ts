/**
 * The trace of a job, as W3C Trace Context writes it. It follows from the job's id, which is wherever the job
 * is: every attempt on every box belongs to one trace, without a field on the wire or in a store.
 */
import { createHash } from 'node:crypto'

/** Of a trace, in hex. */
const traceIdLength = 32
/** Of a span, in hex. */
const spanIdLength = 16

export interface JobTrace {
  readonly traceId: string
  /** Of the job as a whole: the parent of its attempts. */
  readonly spanId: string
}

export function jobTrace(jobId: string): JobTrace {
  const digest = createHash('sha256').update(`carbontube job ${jobId}`).digest('hex')
  return {
    traceId: digest.slice(0, traceIdLength),
    spanId: digest.slice(traceIdLength, traceIdLength + spanIdLength),
  }
}

/** The W3C `traceparent` of a job, `00-<trace>-<span>-01`, which follows from its id: for a header, a log line, or the link of a span that enqueues. */
export function traceparentOf(jobId: string): string {
  const { traceId, spanId } = jobTrace(jobId)
  return `00-${traceId}-${spanId}-01`
}
