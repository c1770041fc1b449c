// `npm run failover -- --per-second 2000 --seconds 10`: the owner of a pipeline is frozen and killed under load,
// on Redis and on Postgres; prints how long the standby took. The tests have a short one.
import { parseArgs } from 'node:util'
import { runStep } from './run-step.mjs'

const { values } = parseArgs({
  options: {
    'per-second': { type: 'string', default: '2000' },
    seconds: { type: 'string', default: '10' },
  },
})
const command = ['vitest', 'run', '--project', 'faults', 'test/e2e/faults/failover.test.ts']
const { ok } = await runStep('failover', [command], {
  echo: true,
  env: { FAILOVER_PER_SECOND: values['per-second'], FAILOVER_SECONDS: values.seconds },
})
process.exitCode = ok ? 0 : 1
