/**
 * `npm run bench -- throughput [--jobs N] [--runs N] [--json]`: jobs a second through three phases in three
 * processes, SQLite with fsync before each acknowledgement, from the first enqueue to the last completion.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { PipelineClient } from 'carbontube'

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const file = fileURLToPath(new URL('three-phases.mjs', import.meta.url))
const groupSize = 500
const groupsInFlight = 8

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
    concurrency: { type: 'string', default: '50' },
    json: { type: 'boolean', default: false },
  },
})
if (positionals[0] !== 'throughput') {
  console.error(
    'usage: npm run bench -- throughput [--jobs N] [--runs N] [--concurrency N] [--json]',
  )
  process.exit(2)
}

const figures = []
for (let run = 0; run < Number(values.runs); run++) figures.push(await throughput())
const sorted = figures.map(({ jobsPerSecond }) => jobsPerSecond).sort((a, b) => a - b)
const summary = { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) }
if (values.json) console.log(JSON.stringify({ scenario: 'throughput', figures, ...summary }))
else {
  console.log(
    `three phases, SQLite with fsync before ack, ${values.jobs} jobs, ${sorted.length} runs`,
  )
  const spent = (key) => figures.map((one) => one[key]).join(', ')
  console.log(
    `processor time a job, µs: manager ${spent('managerMicros')}; each worker ${spent('workerMicros')}; client ${spent('clientMicros')}`,
  )
  console.log(`jobs/s: min ${summary.min}, median ${summary.median}, max ${summary.max}`)
}

async function throughput() {
  const folder = await mkdtemp(join(tmpdir(), 'carbontube-bench-'))
  // The router door is the pull door's neighbour, and nobody asks for the pub door.
  const [pull, sub] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`]
  const doors = ['--pull-bind', pull, '--sub-bind', sub, '--pub-bind', 'tcp://127.0.0.1:*']
  const manager = start(folder, ['pipeline', file, ...doors])
  const links = ['--push-connect', pull, '--pub-connect', sub, '--concurrency', values.concurrency]
  const workers = ['first', 'second', 'third'].map((type) =>
    start(folder, ['phase', file, type, ...links]),
  )
  const client = new PipelineClient(pull, { timeout: 60_000 })
  try {
    await client.connect()
    await until(async () => (await client.status()).shards[0].phases.every((p) => p.workers > 0))
    const own = process.cpuUsage()
    const before = [manager, ...workers].map(cpuSeconds)
    const figures = await measure(client)
    const { user, system } = process.cpuUsage(own)
    const clientMicros = round((user + system) / figures.jobs)
    const spent = [manager, ...workers].map((child, n) => cpuSeconds(child) - before[n])
    const [ofManager, ...ofWorkers] = spent.map((seconds) => (seconds / figures.jobs) * 1e6)
    const ofWorker = ofWorkers.reduce((sum, one) => sum + one, 0) / ofWorkers.length
    return {
      ...{ ...figures, managerMicros: round(ofManager), workerMicros: round(ofWorker) },
      clientMicros,
    }
  } finally {
    client.close()
    for (const child of [...workers, manager]) {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    }
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(client) {
  const jobs = Number(values.jobs)
  const text = 'x'.repeat(160)
  const startedMs = performance.now()
  let sent = 0
  let enqueuedMs = 0
  const feed = async () => {
    while (sent < jobs) {
      const count = Math.min(groupSize, jobs - sent)
      sent += count
      const group = Array.from({ length: count }, (_, n) => ({
        name: 'three-phases',
        instructions: { n, text },
      }))
      const answers = await client.enqueueJobs(group)
      if (!answers.every(({ ok }) => ok)) throw new Error('a job was refused')
    }
    enqueuedMs = performance.now() - startedMs
  }
  await Promise.all(Array.from({ length: groupsInFlight }, feed))
  await until(async () => (await client.status()).shards[0].settled.done >= jobs)
  const seconds = (performance.now() - startedMs) / 1_000
  if (process.env.BENCH_VERBOSE)
    console.error(JSON.stringify((await client.status()).shards[0], null, 1))
  return {
    jobs,
    seconds,
    jobsPerSecond: Math.round(jobs / seconds),
    enqueuedPerSecond: Math.round((jobs / enqueuedMs) * 1_000),
  }
}

function start(cwd, args) {
  const profile = process.env.BENCH_PROFILE
  const flags = process.env.BENCH_FLAGS
    ? process.env.BENCH_FLAGS.split(' ')
    : profile === undefined
      ? []
      : ['--cpu-prof', '--cpu-prof-dir', profile]
  const child = spawn(process.execPath, [...flags, cli, ...args], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr.on('data', (text) => process.env.BENCH_VERBOSE && process.stderr.write(text))
  return child
}

/** Processor time of a child so far, all threads, in seconds; 0 where there is no /proc. */
function cpuSeconds({ pid }) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

function round(number) {
  return Math.round(number * 10) / 10
}

async function until(condition) {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 50))
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
