/**
 * `npm run bench -- SCENARIO [options]`: measures this build on this machine. README.md says what each
 * scenario measures, and which figures were seen.
 */
import { parseArgs } from 'node:util'
import { backlog } from './backlog.mjs'
import { peers } from './peers.mjs'
import { throughput } from './throughput.mjs'

const scenarios = { throughput, backlog, peers }
const usage = `usage: npm run bench -- throughput [--store sqlite] [--jobs 50000] [--runs 3] [--concurrency 50] [--json]
           [--managers 4 --shards 16] [--workers 2: of each phase]
       npm run bench -- backlog [--stores sqlite,redis,postgres] [--jobs 1000000] [--work 50000] [--runs 3] [--json]
       npm run bench -- peers [--only ours-sqlite,bullmq-50] [--jobs 20000] [--runs 3] [--save] [--json]`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    store: { type: 'string', default: 'sqlite' },
    stores: { type: 'string', default: 'sqlite,redis,postgres' },
    jobs: { type: 'string' },
    work: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '50' },
    managers: { type: 'string', default: '1' },
    shards: { type: 'string', default: '1' },
    workers: { type: 'string', default: '1' },
    only: { type: 'string' },
    save: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const [name = 'throughput'] = positionals
if (!Object.hasOwn(scenarios, name)) {
  console.error(usage)
  process.exit(2)
}
await scenarios[name](values)
