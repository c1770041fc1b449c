/** Starts the real command line in real processes on free ports and a folder of their own, and ends all of it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PipelineClient } from '../../src/client/pipeline-client.ts'
import { freePair } from '../servers/free-port.ts'
import { until } from '../wait.ts'

/** Entry of the command line. */
export const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
export const ledgerFile = fileURLToPath(new URL('ledger-pipeline.mjs', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface LedgerEntry {
  readonly jobId: string
  readonly phase: string
  readonly attempt: number
  readonly fence: string
  readonly key: string
  readonly n: number
  readonly pid: number
  readonly atMs: number
}

/** A folder, four ports and the processes on them. */
export class Bench {
  readonly folder = mkdtempSync(join(tmpdir(), 'carbontube-e2e-'))
  readonly ledger = join(this.folder, 'ledger.ndjson')
  readonly #children = new Set<ChildProcess>()
  readonly #clients: PipelineClient[] = []
  /** On stderr, by the processes that were started. */
  readonly #said: string[] = []
  #ports: readonly number[] = []

  static async open(): Promise<Bench> {
    const bench = new Bench()
    // Two pairs: the router door is beside the pull door, the pub door beside the sub door.
    bench.#ports = [await freePair(), await freePair()].flat()
    return bench
  }

  address(index: number): string {
    return `tcp://127.0.0.1:${this.#ports[index]}`
  }

  get pull(): string {
    return this.address(0)
  }

  get router(): string {
    return this.address(1)
  }

  /** @param main the entry of the command line: that of another version runs as well */
  start(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    main = cli,
  ): ChildProcess {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: this.folder,
      env: { ...process.env, LEDGER: this.ledger, CARBONTUBE_LOG_LEVEL: 'warn', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.end()
    child.stderr.on('data', (text: Buffer) => this.#said.push(`${args[0]}: ${text.toString()}`))
    return this.spawned(child)
  }

  /** A process that somebody else has started: it ends with the bench. */
  spawned<C extends ChildProcess>(child: C): C {
    this.#children.add(child)
    return child
  }

  manager(file = ledgerFile, env?: Readonly<Record<string, string>>): ChildProcess {
    const doors = ['--pull-bind', this.pull, '--sub-bind', this.address(2)]
    return this.start(['pipeline', file, ...doors], env)
  }

  worker(
    jobType: string,
    more: readonly string[] = [],
    env?: Record<string, string>,
    file = ledgerFile,
  ): ChildProcess {
    const links = ['--push-connect', this.pull, '--pub-connect', this.address(2)]
    return this.start(['phase', file, jobType, ...links, ...more], env)
  }

  async client(address = this.router): Promise<PipelineClient> {
    const client = new PipelineClient(address, { timeout: 20_000 })
    this.#clients.push(client)
    await client.connect().catch((error: unknown) => {
      throw new Error(`nobody answers; said was:\n${this.#said.join('')}`, { cause: error })
    })
    return client
  }

  /** Runs a command to its end. */
  async run(
    args: readonly string[],
    stdin = '',
    env: Readonly<Record<string, string>> = {},
  ): Promise<Finished> {
    const child = spawn(process.execPath, [cli, ...args], {
      ...{ cwd: this.folder, env: { ...process.env, ...env } },
    })
    this.#children.add(child)
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()))
    child.stderr.on('data', (text: Buffer) => (output.stderr += text.toString()))
    child.stdin.end(stdin)
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, ...output }
  }

  /** Waits until each job type has so many workers that can be granted jobs. */
  async workersReady(
    client: PipelineClient,
    counts: Readonly<Record<string, number>>,
  ): Promise<void> {
    await until(
      async () => {
        const [shard] = (await client.status()).shards
        const ready = (type: string) =>
          shard?.workers.filter(({ jobType, state }) => jobType === type && state === 'ready')
            .length
        return Object.entries(counts).every(([type, count]) => ready(type) === count)
      },
      { what: `workers are ready: ${JSON.stringify(counts)}`, timeoutMs: 20_000 },
    )
  }

  /** Some worker has begun to drain, and its manager knows. */
  async someoneLeaves(client: PipelineClient): Promise<void> {
    await until(
      async () => {
        const workers = (await client.status()).shards[0]?.workers
        return workers?.some(({ state }) => state === 'leaving')
      },
      { what: 'the manager knows that a worker is leaving' },
    )
  }

  async settled(client: PipelineClient, count: number): Promise<void> {
    await until(
      async () => {
        const settled = (await client.status()).shards[0]?.settled
        return settled !== undefined && settled.done + settled.dead + settled.cancelled >= count
      },
      { what: `${count} jobs have settled`, timeoutMs: 90_000 },
    )
  }

  /** Holds the store of the ledger pipeline against the ledger of what was run. */
  audit(): Promise<Finished> {
    const store = join(this.folder, '.carbontube', 'ledger.db')
    return this.run(['audit', store, '--ledger', this.ledger])
  }

  entries(): LedgerEntry[] {
    if (!existsSync(this.ledger)) return []
    const lines = readFileSync(this.ledger, 'utf8').split('\n')
    return lines.flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LedgerEntry]))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close()
    for (const child of this.#children) await kill(child)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** kill −9, and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** So many jobs of the ledger pipeline, numbered. */
export function numbered(count: number, more: object = {}) {
  return Array.from({ length: count }, (_, n) => ({
    name: 'ledger' as never,
    instructions: { n, ...more } as never,
  }))
}
