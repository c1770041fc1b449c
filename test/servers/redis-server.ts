/**
 * Real Redis servers for tests, each on a free port in a folder of its own. Whatever a test does, they end
 * with it: `stop` is legal at any time, and the end of the test process kills what is left.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../wait.ts'
import { freePort } from './free-port.ts'

/** Why tests that need the server are skipped; `undefined` when it is there. */
export function redisMissing(): string | undefined {
  const found = spawnSync('redis-server', ['--version'])
  return found.error === undefined ? undefined : 'redis-server is not installed'
}

export interface RedisServerOptions {
  /** Default `always`. */
  readonly log?: 'always' | 'everysec' | 'off'
  /** More of its command line: `['--requirepass', 'x']`. */
  readonly args?: readonly string[]
  /** Makes it a Sentinel with this configuration, a file in `folder`. */
  readonly sentinelFile?: string
  /** Default: a new one. Removed by `stop`. */
  readonly folder?: string
}

/** Process ids of servers, each of which leads a group: its children write files, and outlive it. */
const groups = new Set<number>()
process.once('exit', () => groups.forEach(killGroup))
// They are not in the terminal's group: Ctrl-C does not reach them.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

function killGroup(leader: number): void {
  groups.delete(leader)
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Nobody of it is left.
  }
}

export class RedisServer {
  readonly folder: string
  readonly port: number
  readonly #args: readonly string[]
  #process: ChildProcess | undefined
  readonly #groups: number[] = []
  #output = ''

  private constructor(port: number, options: RedisServerOptions) {
    const { log = 'always', args = [], folder, sentinelFile } = options
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'carbontube-redis-'))
    this.port = port
    const listen = ['--port', String(port), '--bind', '127.0.0.1', '--dir', this.folder]
    const policy =
      log === 'off' ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', log]
    this.#args =
      sentinelFile === undefined
        ? [...listen, '--save', '', '--daemonize', 'no', ...policy, ...args]
        : [sentinelFile, '--sentinel', ...listen, ...args]
  }

  static async start(options: RedisServerOptions = {}, port?: number): Promise<RedisServer> {
    const server = new RedisServer(port ?? (await freePort()), options)
    await server.restart()
    return server
  }

  get uri(): string {
    return `redis://${this.address}`
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Starts it, again after `kill`, on the data that is there. */
  async restart(): Promise<void> {
    const child = spawn('redis-server', [...this.#args], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    if (child.pid !== undefined) {
      groups.add(child.pid)
      this.#groups.push(child.pid)
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes: Buffer) => (this.#output += bytes.toString()))
    }
    const what = `redis-server answers on port ${this.port}`
    try {
      await until(() => this.#answers(child), { what, timeoutMs: 10_000 })
    } catch (error) {
      await this.stop()
      throw new Error(`${what}: ${this.#output.slice(-2_000)}`, { cause: error })
    }
  }

  /** As a crash: SIGKILL. A child of it that writes a file goes on. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    this.#groups.splice(0).forEach(killGroup)
    // They end a moment later: the folder may not be empty at the first try.
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** It has loaded its data: a password or not. */
  async #answers(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const socket = connect(this.port, '127.0.0.1')
    try {
      socket.end('PING\r\n')
      const [answer] = (await once(socket, 'data')) as [Buffer]
      return /^(\+PONG|-NOAUTH)/.test(answer.toString())
    } finally {
      socket.destroy()
    }
  }
}
