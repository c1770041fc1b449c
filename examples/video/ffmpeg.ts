/**
 * Runs the ffmpeg and ffprobe that came with npm. A run ends only when its process has ended, so
 * that nobody renames a file which a dying ffmpeg still writes to.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg'
import ffprobeInstaller from '@ffprobe-installer/ffprobe'

export interface RunOptions {
  /** Kills the process at once; the run then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Working directory, for outputs that name each other by relative paths. */
  readonly cwd?: string | undefined
  /** Called with every line of stdout as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
}

/** The tool ran and said no; `message` ends with the last lines of its stderr. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
  readonly exitCode: number | null

  constructor(message: string, exitCode: number | null) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Never asks questions, overwrites its output, and says only what went wrong. */
export function runFfmpeg(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const quiet = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-y']
  return run(ffmpegInstaller.path, [...quiet, ...args], options)
}

export function runFfprobe(args: readonly string[], options: RunOptions = {}): Promise<string> {
  return run(ffprobeInstaller.path, ['-loglevel', 'error', ...args], options)
}

const stderrTailChars = 2_000

/**
 * These static builds of Linux die (SIGSEGV) when they load a character set converter of a newer
 * system, which they do for every MPEG transport stream. Without the path they use their own.
 */
const environment = { ...process.env, GCONV_PATH: '/nonexistent' }

async function run(
  command: string,
  args: readonly string[],
  { signal, cwd, onLine }: RunOptions,
): Promise<string> {
  signal?.throwIfAborted()
  const child = spawn(command, args, {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', kill, { once: true })

  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    onLine?.(line)
  })
  let stderrTail = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderrTail = (stderrTail + chunk).slice(-stderrTailChars)
  })

  try {
    const [exitCode, exitSignal] = (await once(child, 'close')) as [number | null, string | null]
    signal?.throwIfAborted()
    if (exitCode !== 0) {
      const how = exitSignal === null ? `exit code ${String(exitCode)}` : exitSignal
      throw new ToolError(`${command} ended with ${how}: ${stderrTail.trim()}`, exitCode)
    }
    return lines.join('\n')
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}
