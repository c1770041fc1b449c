/**
 * `bundle`: manager in this process, one worker process per phase, and new ones for those that end. However
 * this process ends, its workers end by themselves (`bundleGone`): the next bundle brings its own.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { optionsOf, type CommandOptions } from '../config/commands.ts'
import { variableOf } from '../config/option.ts'
import { toFlags } from '../config/resolve.ts'
import { given } from '../language/given.ts'
import { formatAddress, isWildcard, parseAddress } from '../runtime/address.ts'
import { say } from './command-context.ts'
import { startManager } from './serve.ts'
import { bundledVariable, runUntilStopped, stopSignal, type WorkerNews } from './shutdown.ts'
import { startBundledWeb } from './web.ts'

const restartMs = 500

export async function serveBundle(
  file: string,
  name: string | undefined,
  options: CommandOptions<'bundle'>,
): Promise<number> {
  const { json, logLevel, concurrency, drainMs, tracing } = options
  const stopped = stopSignal(drainMs)
  const { manager, failed, compiled } = await startManager(file, name, { ...options, stopped })
  if (manager.state !== 'running') return 0
  const { pull, sub } = manager.addresses
  const flags = toFlags('phase', {
    ...{
      json,
      logLevel,
      drainMs,
      tracing,
      pushConnect: reachable(pull),
      pubConnect: reachable(sub),
    },
    ...given({ concurrency }),
  })
  // Before the workers: when its port is taken nothing else has to be ended.
  const [router = ''] = reachable([manager.addresses.router])
  const dashboard = await startBundledWeb(router, options).catch(async (error: unknown) => {
    await manager.stop()
    throw error
  })
  const workers = new WorkerProcesses(file, flags)
  for (const { jobType } of compiled.spec.phases) workers.start(jobType)
  const all = {
    state: 'running' as const,
    start: () => Promise.resolve(),
    async stop() {
      // Before anything is waited for: a signal from the keyboard has gone to the workers too.
      const gone = workers.stop()
      await dashboard?.stop()
      // Before the manager: it answers their last results.
      await gone
      await manager.stop()
    },
  }
  return runUntilStopped(all, stopped, failed, workers.hopeless)
}

/** The first door; one that is open on every interface is reached by one of them. */
function reachable([address]: readonly string[]): string[] {
  if (address === undefined) return []
  const { port } = parseAddress(address)
  return [isWildcard(address) ? formatAddress({ host: '127.0.0.1', port }) : address]
}

/** A worker that ends so before it is ready would end so again: its file or its options are wrong. */
const hopelessCodes: readonly number[] = [2, 3]

interface WorkerEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it had told. */
  readonly news: ReadonlySet<unknown>
}

class WorkerProcesses {
  readonly #file: string
  readonly #flags: readonly string[]
  readonly #children = new Map<string, ChildProcess>()
  #isStopping = false
  #giveUp: (code: number) => void = () => undefined
  /** The exit code of a worker that cannot run here. */
  readonly hopeless = new Promise<number>((resolve) => {
    this.#giveUp = resolve
  })

  constructor(file: string, flags: readonly string[]) {
    this.#file = file
    this.#flags = flags
    // A second signal ends this process without waiting for them: it is their second one too.
    process.once('exit', () => this.#terminate())
  }

  /** One for a job type, however often that is asked for. */
  start(jobType: string): void {
    if (this.#isStopping || this.#children.has(jobType)) return
    const main = fileURLToPath(new URL('main.js', import.meta.url))
    const child = fork(main, ['phase', this.#file, jobType, ...this.#flags], { env: environment() })
    this.#children.set(jobType, child)
    const news = new Set<unknown>()
    child.on('message', (message) => news.add(message))
    // Unlike `exit`, after everything that it has told.
    child.once('close', (code: number | null, signal) => {
      this.#children.delete(jobType)
      if (!this.#isStopping) this.#ended(jobType, { code, signal, news })
    })
  }

  /** Whatever a phase does to its process, another worker goes on: only a manager's order ends one for good. */
  #ended(jobType: string, { code, signal, news }: WorkerEnd): void {
    const has = (what: WorkerNews) => news.has(what)
    const worker = `the worker of "${jobType}"`
    if (has('carbontube:drained')) return say(`${worker} was drained, and is not started again`)
    const how = code === null ? `by ${signal}` : `with code ${code}`
    if (code !== null && hopelessCodes.includes(code) && !has('carbontube:ready')) {
      say(`${worker} ended ${how} before it was ready, and would again: giving up`)
      return this.#giveUp(code)
    }
    say(`${worker} ended ${how}: starting another`)
    setTimeout(() => this.start(jobType), restartMs)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const gone = [...this.#children.values()].map((child) => once(child, 'exit'))
    this.#terminate()
    await Promise.all(gone)
  }

  #terminate(): void {
    for (const child of this.#children.values()) child.kill('SIGTERM')
  }
}

/**
 * Ours, without the options in it: CARBONTUBE_PULL_BIND is the manager's door here, and the `phase`
 * section of a file is for workers that run alone. And that the worker is one of a bundle.
 */
function environment(): NodeJS.ProcessEnv {
  const own = new Set(optionsOf('phase').map(([key, option]) => variableOf(key, option)))
  const others = Object.entries(process.env).filter(([name]) => !own.has(name))
  return { ...Object.fromEntries(others), CARBONTUBE_CONFIG: '', [bundledVariable]: '1' }
}
