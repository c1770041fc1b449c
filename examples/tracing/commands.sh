# The commands of docs/how-to/trace.md, which quotes them. test/e2e/tracing.test.ts runs the worker.

# #region install
npm install @opentelemetry/api@1.9 @opentelemetry/sdk-trace-base@2 @opentelemetry/context-async-hooks@2
# #endregion install

# #region worker
NODE_OPTIONS="--import ./telemetry.mjs" npx carbontube phase pipeline.ts work --tracing
# #endregion worker
