/** Many workers in one process, where the command line starts one: `crowd.mjs PULL SUB COUNT CONCURRENCY`. */
import { compilePhase } from '../dist/pipeline/compile.js'
import { zeromqTransport } from '../dist/transport/zeromq-transport.js'
import { Worker } from '../dist/worker/worker.js'
import { steps } from './many-phases.mjs'

const [pull, sub, count, concurrency] = process.argv.slice(2)
const complain = (...what) => console.error(...what)
const logger = { debug() {}, info() {}, warn: complain, error: complain }

const workers = Array.from(
  { length: Number(count) },
  () =>
    new Worker({
      ...{ phase: compilePhase(steps[0]), transport: zeromqTransport, logger, version: 'bench' },
      ...{ concurrency: Number(concurrency), pushConnect: [pull], pubConnect: [sub] },
    }),
)
await Promise.all(workers.map((worker) => worker.start()))
process.send('ready')
