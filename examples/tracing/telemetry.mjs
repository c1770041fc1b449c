/**
 * An OpenTelemetry SDK for a worker, as small as it can be: each span becomes a line of JSON on stdout. Put the
 * exporter of your tracing system in its place. Loaded before the worker: NODE_OPTIONS="--import ./telemetry.mjs".
 */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'

const toStdout = {
  export(spans, done) {
    for (const span of spans) {
      const { name, attributes, status, parentSpanContext } = span
      const { traceId } = span.spanContext()
      const parent = parentSpanContext?.spanId
      process.stdout.write(`${JSON.stringify({ name, traceId, parent, attributes, status })}\n`)
    }
    done({ code: 0 })
  },
  shutdown: () => Promise.resolve(),
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(toStdout)] }),
)
