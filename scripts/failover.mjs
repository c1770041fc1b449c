// `npm run failover -- --per-second 2000 --seconds 10 --cuts 50`: under load the owner of a pipeline is frozen
// and killed, and so is the server of its store, on Redis and on Postgres; prints how long it took until jobs
// flowed again, and what was lost. The tests have a short one.
import { parseArgs } from 'node:util'
import { runStep } from './run-step.mjs'

const { values } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
    cuts: { type: 'string', default: '50' },
  },
})
const files = ['failover', 'store-outage', 'redis-failover'].map(
  (name) => `test/e2e/faults/${name}.test.ts`,
)
const command = ['vitest', 'run', '--project', 'faults', '--no-file-parallelism', ...files]
const { ok } = await runStep('failover', [command], {
  echo: true,
  env: {
    ...{ FAILOVER_PER_SECOND: values['per-second'], FAILOVER_SECONDS: values.seconds },
    FAILOVER_CUTS: values.cuts,
  },
})
process.exitCode = ok ? 0 : 1
