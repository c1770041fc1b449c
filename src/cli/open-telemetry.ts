/**
 * `--tracing`: every run is a span, told to whatever OpenTelemetry SDK the process has been started with
 * (`NODE_OPTIONS="--import ./telemetry.mjs"`). Only the API package is used, and only when it is asked for.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as OpenTelemetry from '@opentelemetry/api'
import type { Outcome } from '../core/event.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { jobTrace } from '../runtime/job-trace.ts'
import { packageFrom } from '../storage/driver-package.ts'
import type { TracedRun, TraceRun } from '../worker/run-tracing.ts'

/** @throws CT_MISSING_DRIVER when the package is not installed */
export function openTelemetryTracing(version: string): TraceRun {
  const api = loadApi()
  const tracer = api.trace.getTracer('carbontube', version)
  return (run, execute) =>
    tracer.startActiveSpan(
      ...[run.phase, spanOptions(api, run), parentOf(api, run.jobId)],
      (span: OpenTelemetry.Span) => {
        const outcome = execute()
        if (!(outcome instanceof Promise)) return ended(api, span, outcome)
        return outcome.then((settled) => ended(api, span, settled))
      },
    )
}

function loadApi(): typeof OpenTelemetry {
  const places = [join(process.cwd(), 'package.json'), import.meta.url].map((from) => {
    return createRequire(from)
  })
  const found = packageFrom('@opentelemetry/api', places)
  if (found !== undefined) return found as typeof OpenTelemetry
  const command = 'npm install @opentelemetry/api'
  const message = '--tracing needs @opentelemetry/api, and it is not installed'
  throw new CarbontubeError('CT_MISSING_DRIVER', message, {
    hint: `Run: ${command}`,
    details: { command },
  })
}

/** Names as in OpenTelemetry's conventions for messaging, where they have one. */
function spanOptions(
  api: typeof OpenTelemetry,
  { jobId, pipeline, phase, attempt }: TracedRun,
): OpenTelemetry.SpanOptions {
  return {
    kind: api.SpanKind.CONSUMER,
    attributes: {
      'messaging.system': 'carbontube',
      'messaging.operation.type': 'process',
      'messaging.destination.name': pipeline,
      'messaging.message.id': jobId,
      'carbontube.phase': phase,
      'carbontube.attempt': attempt,
    },
  }
}

function parentOf(api: typeof OpenTelemetry, jobId: string): OpenTelemetry.Context {
  const { SAMPLED: traceFlags } = api.TraceFlags
  const job = { ...jobTrace(jobId), traceFlags, isRemote: true }
  return api.trace.setSpanContext(api.ROOT_CONTEXT, job)
}

function ended(api: typeof OpenTelemetry, span: OpenTelemetry.Span, outcome: Outcome): Outcome {
  span.setAttribute('carbontube.outcome', outcome.type)
  if (outcome.type === 'failed') {
    const { error, retry } = outcome
    span.recordException({ ...error })
    span.setStatus({ code: api.SpanStatusCode.ERROR, message: error.message })
    span.setAttribute('carbontube.retry', retry)
  }
  span.end()
  return outcome
}
