/**
 * Runs command lines as a person types them: by bash, in a folder, each in a process group of its own, so
 * that what `npx` and `bundle` start ends with it.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Finished } from './processes.ts'

/** A command line that runs. */
export interface Running {
  readonly child: ChildProcess
  /** What it has written to stderr so far: where commands say that they are ready. */
  stderr(): string
  readonly finished: Promise<Finished>
}

export class Shell {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #running = new Set<Running>()

  /** @param path folders to look for programs in before all others */
  constructor(folder: string, path: readonly string[] = []) {
    this.#folder = folder
    this.#env = { ...outsideOfNpm(), PATH: [...path, process.env['PATH']].join(':') }
  }

  start(line: string): Running {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', line], {
      ...{ cwd: this.#folder, env: this.#env, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (text: Buffer) => (output.stdout += text.toString()))
    child.stderr.on('data', (text: Buffer) => (output.stderr += text.toString()))
    // `close`, not `exit`: only when the whole group is gone has nobody the pipes open any more.
    const finished = once(child, 'close').then(([code]) => ({ code: code as number, ...output }))
    const running = { child, stderr: () => output.stderr, finished }
    this.#running.add(running)
    return running
  }

  async run(line: string): Promise<Finished> {
    return await this.start(line).finished
  }

  /** As `run`, and says what the command said when it fails. */
  async succeed(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(line)
    if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${stdout}${stderr}`)
    return stdout
  }

  /** Kills what still runs, and waits until it is gone. */
  async close(): Promise<void> {
    for (const { child, finished } of this.#running) {
      signalGroup(child, 'SIGKILL')
      await finished
    }
    this.#running.clear()
  }
}

/** What Ctrl-C does, with SIGINT: everybody who was started by the line gets the signal. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** `npm test` hands its own configuration on to everything it starts; a stranger's shell has none of it. */
function outsideOfNpm(): NodeJS.ProcessEnv {
  const ours = /^(npm_|CARBONTUBE_|VITEST|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/
  const theirs = Object.entries(process.env).filter(([name]) => !ours.test(name))
  return {
    ...Object.fromEntries(theirs),
    // `npx` may run what is installed, and never fetch something of that name from the registry.
    npm_config_yes: 'false',
    ...{ npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' },
  }
}
