/** What the benchmarks start, and what it costs: processor time and memory of a process, from /proc. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePairs } from '../scripts/free-ports.mjs'

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

const running = new Set()
/** Those that somebody here wants to end. */
const ending = new WeakSet()
/** What has ended by itself. */
let lost
// Also when it is interrupted: the servers of the stores end with this process in the same way.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/**
 * A process of the command line. `BENCH_VERBOSE` shows what it says, `BENCH_PROFILE` is a folder for
 * profiles of its processor time, `BENCH_FLAGS` are flags of Node. `ownFlags` are too, and what they print can be read.
 */
export function start(cwd, args, env = {}, ownFlags = []) {
  const { BENCH_FLAGS: given, BENCH_PROFILE: profile, BENCH_VERBOSE: verbose } = process.env
  const profiling = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile]
  const flags = given === undefined ? profiling : given.split(' ')
  const stdio = ['ignore', ownFlags.length > 0 ? 'pipe' : 'ignore', 'pipe']
  const all = [...flags, ...ownFlags, cli, ...args]
  return startCommand(process.execPath, all, { cwd, env, verbose, stdio })
}

/** Any other program. `channel` connects it with `send` and the event `message`. */
export function startCommand(command, args, { cwd, env = {}, channel = false, ...options } = {}) {
  const { verbose = process.env.BENCH_VERBOSE, stdio = ['ignore', 'ignore', 'pipe'] } = options
  const child = spawn(command, args, {
    ...{ cwd, env: { ...process.env, ...env } },
    stdio: channel ? [...stdio, 'ipc'] : stdio,
  })
  running.add(child)
  child.once('exit', (code, signal) => {
    running.delete(child)
    // Whoever waits for what it should have done would wait for ever.
    if (!ending.has(child)) lost ??= `${[command, ...args].join(' ')} ended with ${code ?? signal}`
  })
  child.stderr.on('data', (text) => verbose && process.stderr.write(text))
  return child
}

export async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  ending.add(child)
  child.kill(signal)
  await gone
}

/** Processor time of a child so far, all threads, in seconds; 0 where there is no /proc. */
export function cpuSeconds({ pid }) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return 0
  }
}

/** The most memory that a child has had since it was last asked, in MiB; 0 where there is no /proc. */
export function takePeakMiB({ pid }) {
  try {
    const [, kiB] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    // Sets the peak back to what it has now.
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
    return Math.round(Number(kiB) / 1_024)
  } catch {
    return 0
  }
}

/** @throws when a process has ended that nobody here has ended: what is waited for may never come */
export async function until(condition, pollMs = 50) {
  while (!(await condition())) {
    if (lost !== undefined) throw new Error(`${lost}: BENCH_VERBOSE=1 shows why`)
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}

/** Until a process of ours says so, or ends without having said it. */
export async function untilReady(child, what) {
  const ended = once(child, 'exit').then(([code]) => `ended with ${code}`)
  const ready = once(child, 'message').then(() => undefined)
  const reason = await Promise.race([ready, ended])
  if (reason !== undefined) throw new Error(`${what} ${reason}: BENCH_VERBOSE=1 shows why`)
}

/** One whose neighbour is free too: a manager's second doors are beside its first ones. */
export async function freePort() {
  const [port] = await freePairs(1)
  return port
}

export function round(number) {
  return Math.round(number * 10) / 10
}

export function hundredths(number) {
  return Math.round(number * 100) / 100
}

/** The value below which this share of them lies. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** `{ min, median, max }`. */
export function spread(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return { min: sorted[0], median: sorted[sorted.length >> 1], max: sorted.at(-1) }
}
