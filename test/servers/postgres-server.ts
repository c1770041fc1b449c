/**
 * A real PostgreSQL server for a test file: a cluster of its own in a temporary folder, on a free port. It
 * ends with the test process, whatever becomes of that.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { until } from '../wait.ts'
import { freePort } from './free-port.ts'

/** Why there is no server here; `undefined` when there is one. */
export function noPostgres(): string | undefined {
  if (binaryFolder() === undefined) return 'postgres and initdb are not installed'
  if (process.getuid?.() !== 0) return undefined
  return serverUser() === undefined
    ? 'Postgres does not run as root, and has no user here'
    : undefined
}

/** The password of the one user, for tests that look for it where it must not be. */
export const password = 'n0t-to-be-shown'

export class PostgresServer {
  readonly port: number
  readonly #folder: string
  readonly #binaries: string
  #child: ChildProcess | undefined
  #schemas = 0

  private constructor(folder: string, binaries: string, port: number) {
    this.#folder = folder
    this.#binaries = binaries
    this.port = port
    process.on('exit', this.#endAtOnce)
  }

  /** Takes some seconds: once in a test file. */
  static async start(): Promise<PostgresServer> {
    const binaries = binaryFolder()
    if (binaries === undefined) throw new Error(noPostgres())
    const folder = mkdtempSync(join(tmpdir(), 'carbontube-postgres-'))
    const server = new PostgresServer(folder, binaries, await freePort())
    try {
      await server.#initialise()
      await server.restart()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** The database of this cluster, through `port` when a proxy is to be in between. */
  url(port = this.port): string {
    return PostgresServer.urlAt(port)
  }

  static urlAt(port: number): string {
    return `postgres://carbontube:${password}@127.0.0.1:${port}/postgres`
  }

  /** A name that no test has had before. */
  newSchema(): string {
    this.#schemas += 1
    return `test_${this.#schemas}`
  }

  /** On a connection of its own. */
  async query(text: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url() })
    // An end of the server shows in the query.
    client.on('error', () => {})
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end().catch(() => {})
    }
  }

  /** Starts it again after `kill`, and waits until it has recovered. */
  async restart(): Promise<void> {
    const settings = { port: this.port, listen_addresses: '127.0.0.1', fsync: 'on' }
    const more = {
      unix_socket_directories: this.#folder,
      shared_buffers: '64MB',
      max_connections: 50,
    }
    const given = Object.entries({ ...settings, ...more }).map(
      ([name, value]) => `${name}=${value}`,
    )
    const args = ['-D', this.#data, ...given.flatMap((setting) => ['-c', setting])]
    this.#child = spawn(join(this.#binaries, 'postgres'), args, { stdio: 'ignore', ...identity() })
    await until(() => this.query('SELECT 1'), {
      what: 'Postgres answers',
      timeoutMs: 20_000,
    })
  }

  /** kill −9 of the postmaster and of all its children. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined) return
    const all = [child.pid, ...childrenOf(child.pid)]
    const gone = once(child, 'exit')
    for (const pid of all) endProcess(pid)
    if (child.exitCode === null && child.signalCode === null) await gone
    this.#child = undefined
    // Its shared memory is free for the next when the last of them is gone.
    await until(() => !all.some(isAlive), { what: 'all processes of Postgres are gone' })
    rmSync(join(this.#data, 'postmaster.pid'), { force: true })
  }

  /** Ends it, and removes the cluster. */
  async stop(): Promise<void> {
    process.off('exit', this.#endAtOnce)
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }

  readonly #endAtOnce = (): void => {
    const pid = this.#child?.pid
    if (pid !== undefined) for (const one of [pid, ...childrenOf(pid)]) endProcess(one)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #initialise(): Promise<void> {
    mkdirSync(this.#data)
    const { uid, gid } = identity()
    if (uid !== undefined && gid !== undefined) {
      for (const path of [this.#folder, this.#data]) chownSync(path, uid, gid)
    }
    const options = ['--username=carbontube', '--encoding=UTF8', '--locale=C', '--no-sync']
    const initdb = join(this.#binaries, 'initdb')
    await promisify(execFile)(initdb, ['-D', this.#data, '--auth=trust', ...options], {
      cwd: this.#folder,
      ...identity(),
    })
  }
}

/** Where `postgres` and `initdb` are: the newest of those that Debian installs, or on the path. */
function binaryFolder(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .map(Number)
        .sort((a, b) => b - a)
    : []
  const folders = [
    ...versions.map((version) => join(debian, String(version), 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  return folders.find((folder) =>
    ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))),
  )
}

/** Postgres refuses to run as root. */
function identity(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? (serverUser() ?? {}) : {}
}

function serverUser(): { uid: number; gid: number } | undefined {
  try {
    const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { stdio: 'pipe' }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

function childrenOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

function isAlive(pid: number): boolean {
  try {
    // A process that nobody has waited for is dead, but still there.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
