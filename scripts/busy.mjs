// `npm run busy -- --seconds 120`: a job that keeps its worker's loop for so long, with real processes; the
// tests have 15 s of it.
import { parseArgs } from 'node:util'
import { runStep } from './run-step.mjs'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '120' } } })
const command = ['vitest', 'run', '--project', 'faults', 'test/e2e/faults/busy-loop.test.ts']
const { ok } = await runStep('busy', [command], {
  echo: true,
  env: { BUSY_SECONDS: values.seconds },
})
process.exitCode = ok ? 0 : 1
