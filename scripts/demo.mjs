/**
 * `make demo`: encodes real clips through a manager and one worker process per phase, as in
 * production but on one machine, and checks every file it made. The dashboard shows how it goes; on a terminal
 * it stays open on the finished run. All it starts runs in process groups of its own, so that nothing is left
 * behind, however it ends.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createJiti } from 'jiti'
import { freePairs } from './free-ports.mjs'

const root = resolve(import.meta.dirname, '..')
const cli = join(root, 'dist/cli/main.js')
const example = join(root, 'examples/video')
const pipelineFile = join(example, 'pipeline.ts')
const outputs = join(root, 'out/demo')

const pipelineName = 'video-pipeline'
const phases = { probe: 2, transcode: 2, thumbnail: 2, package: 2 }

const installMs = 300_000
const readyMs = 30_000
const encodeMs = 80_000
const drainMs = 10_000

const children = new Set()
/** Aborted when the demo is interrupted, has failed, or is done: nothing starts after that. */
const over = new AbortController()
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }
/** Everything was made, and is as it should be: whoever ends the demo now has seen it all. */
let isFinished = false

async function main() {
  for (const signal of Object.keys(exitCodes)) process.on(signal, () => interrupt(signal))
  const home = await mkdtemp(join(tmpdir(), 'carbontube-demo-'))
  try {
    await demonstrate(home)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    // The exit code is set already when somebody asked for the end.
    process.stderr.write(process.exitCode ? `\n${why}\n` : `\ndemo failed: ${why}\n${logTails()}`)
    process.exitCode ||= 1
  } finally {
    over.abort(new Error('the demo is over'))
    await stopAll()
    await rm(home, { recursive: true, force: true })
  }
}

async function demonstrate(home) {
  if (!existsSync(cli)) throw new Error(`${relative(root, cli)} is missing: npm run build`)
  await installExample()
  const jiti = createJiti(import.meta.url, { fsCache: false })
  const { makeClips } = await jiti.import(join(example, 'make-clips.ts'))
  const { inspectOutput } = await jiti.import(join(example, 'inspect-output.ts'))

  await rm(outputs, { recursive: true, force: true })
  await mkdir(outputs, { recursive: true })
  let seconds = stopwatch()
  const clips = await makeClips(join(outputs, 'clips'), over.signal)
  heading('Clips', `${clips.length} made by ffmpeg in ${seconds()} s`)

  seconds = stopwatch()
  const { address, services } = await startServices(home)
  await ready(address, services)
  const workers = Object.entries(phases).map(([jobType, n]) => `${jobType} ×${n}`)
  heading('Pipeline', `manager on ${address} · ${workers.join(' · ')} · ready in ${seconds()} s`)
  const dashboard = await dashboardUrl(services)
  heading('Look', dashboard)

  heading('Encode', `${clips.length} jobs for ${pipelineName}`)
  seconds = stopwatch()
  const finished = await unlessOneDies(
    services,
    within(encodeMs, 'encoding', encode(address, clips)),
  )
  heading('Result', `${finished.length} of ${clips.length} jobs ended after ${seconds()} s\n`)

  const rows = await Promise.all(clips.map((clip) => toRow(clip, finished, inspectOutput)))
  printTable(rows.map((row) => row.cells))
  const problems = rows.flatMap((row) => row.problems)
  if (problems.length > 0) throw new Error(`not as it should be:\n  ${problems.join('\n  ')}`)
  process.stdout.write(`\nAll of it is in ${relative(process.cwd(), outputs) || '.'}/\n`)
  isFinished = true
  if (process.stdout.isTTY) await stayOpen(dashboard, services)
}

/** Until somebody ends it; a machine that runs the demo does not wait. */
async function stayOpen(dashboard, services) {
  process.stdout.write(`The dashboard stays open at ${dashboard} until Ctrl-C.\n`)
  const interrupted = once(over.signal, 'abort')
  await unlessOneDies(services, interrupted)
}

/* ---------- the parts of the demonstration ---------- */

/** The link to this repository is part of what npm installs; it must lead to the build above. */
async function installExample() {
  const installed = ['@ffmpeg-installer/ffmpeg', '@ffprobe-installer/ffprobe', 'carbontube']
  const isThere = (name) => existsSync(join(example, 'node_modules', name, 'package.json'))
  if (installed.every(isThere)) return
  const seconds = stopwatch()
  const npm = start('npm', 'npm', ['ci', '--prefix', example, '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if ((await within(installMs, 'npm ci', npm.ended)) !== 0) {
    throw new Error('npm ci failed in examples/video: is the npm registry reachable?')
  }
  const missing = installed.filter((name) => !isThere(name))
  if (missing.length > 0) throw new Error(`npm ci did not install ${missing.join(', ')}`)
  heading('Set up', `dependencies of examples/video installed in ${seconds()} s`)
}

async function startServices(home) {
  // The doors for requests and for subscribers are at the next ports of these two.
  const [address, events] = (await freePairs(2)).map((port) => `tcp://127.0.0.1:${port}`)
  const service = (name, args) => {
    const log = join(home, `${name}.log`)
    const fd = openSync(log, 'a')
    const options = { cwd: home, stdio: ['ignore', fd, fd] }
    const child = start(name, process.execPath, [cli, ...args], options)
    closeSync(fd)
    child.log = log
    return child
  }
  const doors = ['--pull-bind', address, '--sub-bind', events]
  const services = [service('manager', ['pipeline', pipelineFile, pipelineName, ...doors])]
  for (const [jobType, concurrency] of Object.entries(phases)) {
    const to = ['--push-connect', address, '--pub-connect', events]
    const args = ['phase', pipelineFile, jobType, '--concurrency', String(concurrency), ...to]
    services.push(service(jobType, args))
  }
  services.push(service('web', ['web', address, '--bind', '127.0.0.1:0']))
  return { address, services }
}

async function ready(address, services) {
  await unlessOneDies(services, within(readyMs, 'starting manager and workers', poll()))

  async function poll() {
    for (;;) {
      const { phases: seen = [] } = (await askStatus(address)) ?? {}
      const hasWorkers = (jobType) => seen.some((p) => p.jobType === jobType && p.workers > 0)
      if (Object.keys(phases).every(hasWorkers)) return
      await sleep(200, undefined, { signal: over.signal })
    }
  }
}

/** The port is one that was free: the dashboard says which. */
async function dashboardUrl(services) {
  const { log } = services.find(({ name }) => name === 'web')
  const said = async () => {
    for (;;) {
      const [, url] = /dashboard is ready at (\S+?),? /.exec(`${readFileSync(log, 'utf8')} `) ?? []
      if (url !== undefined) return url
      await sleep(50, undefined, { signal: over.signal })
    }
  }
  return await unlessOneDies(services, within(readyMs, 'starting the dashboard', said()))
}

/** `undefined` while the manager cannot be reached. */
async function askStatus(address) {
  const options = { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] }
  const child = start('status', process.execPath, [cli, 'status', address, '--json'], options)
  const killer = setTimeout(() => killGroup(child), 5_000)
  let text = ''
  child.process.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
  const code = await child.ended
  clearTimeout(killer)
  return code === 0 ? JSON.parse(text) : undefined
}

/** Feeds one line per clip to `enqueue`, which draws its progress on stderr, and reads one per job. */
async function encode(address, clips) {
  const args = [cli, 'enqueue', address, pipelineName, '-', '--wait', '--json']
  const options = { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] }
  const child = start('enqueue', process.execPath, args, options)
  const seconds = stopwatch()
  const finished = []
  createInterface({ input: child.process.stdout }).on('line', (line) => {
    if (line.trim() !== '') finished.push({ ...JSON.parse(line), seconds: seconds() })
  })
  // A child that ends before it has read everything is told by its exit code, not by EPIPE.
  child.process.stdin.on('error', () => {})
  for (const { name, path } of clips) {
    const job = { sourcePath: path, outputDirectory: join(outputs, name) }
    child.process.stdin.write(`${JSON.stringify(job)}\n`)
  }
  child.process.stdin.end()
  const code = await child.ended
  const failed = finished.filter((job) => job.state !== 'done')
  if (failed.length > 0) throw new Error(`jobs that failed: ${JSON.stringify(failed, null, 2)}`)
  if (code !== 0) throw new Error(`enqueue ended with ${code}`)
  return finished
}

/* ---------- the table ---------- */

const columns = ['clip', 'source', 'output', 'duration', 'size', 'thumbnail', 'segments', 'wall']

async function toRow(clip, finished, inspectOutput) {
  const job = finished.find(({ instructions }) => instructions?.sourcePath === clip.path)
  if (job === undefined) return { cells: [clip.name], problems: [`${clip.name}: no finished job`] }
  const { codec, width, height, hasAudio, segments } = job.instructions
  const { video, videoBytes, thumbnailBytes, problems } = await inspectOutput(
    clip,
    job.instructions,
  )
  const cells = [
    clip.name,
    `${codec} ${width}×${height}${hasAudio ? ' ♪' : ''}`,
    video ? `${video.codec} ${video.width}×${video.height}` : '-',
    video ? `${video.duration.toFixed(2)} s` : '-',
    kilobytes(videoBytes),
    kilobytes(thumbnailBytes),
    String(segments),
    `${job.seconds} s`,
  ]
  return { cells, problems }
}

function printTable(rows) {
  const lines = [columns, ...rows].map((cells) => columns.map((_, i) => cells[i] ?? '-'))
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i].length)))
  const isText = (i) => i < 3
  for (const [n, cells] of lines.entries()) {
    const padded = cells.map((c, i) => (isText(i) ? c.padEnd(widths[i]) : c.padStart(widths[i])))
    const line = `  ${padded.join('  ')}`
    process.stdout.write(`${n === 0 ? bold(line) : line}\n`)
  }
}

function kilobytes(bytes) {
  return `${Math.ceil(bytes / 1024)} KiB`
}

function heading(title, text) {
  process.stdout.write(`${bold(title.padEnd(9))} ${text}\n`)
}

function bold(text) {
  return process.stdout.isTTY && !process.env.NO_COLOR ? `\u001b[1m${text}\u001b[0m` : text
}

function stopwatch() {
  const start = performance.now()
  return () => ((performance.now() - start) / 1_000).toFixed(1)
}

/* ---------- processes ---------- */

/**
 * Detached: a group of its own. When the child ends, what it started and left behind (an ffmpeg of
 * a worker that was killed) ends with it.
 */
function start(name, command, args, options) {
  over.signal.throwIfAborted()
  const started = spawn(command, args, { detached: true, ...options })
  const child = { name, process: started, log: undefined }
  started.once('exit', () => killGroup(child))
  child.ended = once(started, 'close').then(([code, signal]) => code ?? signal)
  child.ended.catch(() => {})
  children.add(child)
  return child
}

async function stopAll() {
  // Workers first: the manager is there to take the results of what they finish.
  const [managers, others] = [[], []]
  for (const child of children) (child.name === 'manager' ? managers : others).push(child)
  await Promise.all(others.map(stop))
  await Promise.all(managers.map(stop))
}

/** A worker is asked to drain; a straggler is killed with all that belongs to it. */
async function stop(child) {
  const isRunning = () => child.process.exitCode === null && child.process.signalCode === null
  const ended = child.ended.catch(() => {})
  if (isRunning()) {
    child.process.kill('SIGTERM')
    await Promise.race([ended, sleep(drainMs, undefined, { ref: false })])
  }
  if (isRunning()) killGroup(child)
  await ended
}

function killGroup({ process: { pid } }) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

function interrupt(signal) {
  if (over.signal.aborted) {
    for (const child of children) child.process.kill('SIGKILL')
  }
  process.exitCode = isFinished ? 0 : exitCodes[signal]
  over.abort(new Error(`${signal}: stopping everything`))
}

async function unlessOneDies(services, work) {
  const deaths = services.map(async (service) => {
    const how = await service.ended
    throw new Error(`${service.name} ended too early (${how})`)
  })
  return Promise.race([work, ...deaths])
}

/** Ends `work` at a deadline or an interruption, whichever comes first. */
async function within(ms, what, work) {
  const { signal } = over
  const timer = new AbortController()
  const late = sleep(ms, undefined, { signal: AbortSignal.any([timer.signal, signal]) }).then(
    () => Promise.reject(new Error(`${what} took longer than ${ms / 1_000} s`)),
    () => signal.throwIfAborted(),
  )
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}

function logTails() {
  const tails = [...children].filter((child) => child.log !== undefined).map(tail)
  return tails.map(({ name, lines }) => `\n── ${name} ──\n${lines.join('\n')}\n`).join('')
}

function tail({ name, log }) {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n')
  return { name, lines: lines.slice(-15) }
}

await main()
