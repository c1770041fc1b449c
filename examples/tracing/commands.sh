# The commands of docs/how-to/trace.md, which quotes them. test/e2e/tracing.test.ts runs the worker.

# #region install
npm install @opentelemetry/api @opentelemetry/sdk-trace-base @opentelemetry/context-async-hooks
# #endregion install

# #region worker
NODE_OPTIONS="--import ./telemetry.mjs" npx carbontube phase pipeline.ts work --tracing
# #endregion worker
