/**
 * Real shells that complete command lines of carbontube, after an installation as the how-to says. Bash and
 * zsh sit at a terminal, where a key puts all that they would offer into the line; what is called
 * `carbontube` there writes down what it is given. Fish can be asked.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { regionOf } from '../../scripts/quoted-regions.mjs'
import { until } from '../wait.ts'
import { cli } from './processes.ts'

export const shellNames = ['bash', 'zsh', 'fish'] as const
export type ShellName = (typeof shellNames)[number]

const commandsFile = new URL('../../examples/tutorial/completion.sh', import.meta.url)
const commands = readFileSync(fileURLToPath(commandsFile), 'utf8')
const bashCompletion = '/usr/share/bash-completion/bash_completion'

const recording = `carbontube() { printf '%s\\0' "$@" > ~/answer.new; mv ~/answer.new ~/answer; }`
const startFiles = {
  // As a distribution has it; without the package, as the help says.
  bash: `. ${bashCompletion} 2> /dev/null || source <(command carbontube completion bash)
    ${recording}`,
  zsh: `zle -C all-matches complete-word _generic
    zstyle ':completion:all-matches:*' completer _all_matches _complete
    zstyle ':completion:all-matches:*' insert true
    bindkey '\\e*' all-matches
    ${recording}`,
}

/** Why the tests of a shell are skipped; `undefined` when it is there. */
export function shellMissing(name: ShellName): string | undefined {
  return spawnSync(name, ['--version']).error === undefined ? undefined : `${name} is not installed`
}

/** A home folder in which completion is installed, and a folder to be in. */
export class Home {
  readonly #folder: string
  /** Where the shells are. */
  readonly place: string
  readonly #env: NodeJS.ProcessEnv

  constructor(folder: string) {
    this.#folder = folder
    this.place = join(folder, 'place')
    mkdirSync(this.place)
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'carbontube'), `#!/bin/sh\nexec ${process.execPath} ${cli} "$@"\n`)
    chmodSync(join(bin, 'carbontube'), 0o755)
    const PATH = `${bin}:${process.env['PATH']}`
    this.#env = { HOME: folder, PATH, TERM: 'dumb', LC_ALL: 'C.UTF-8' }
  }

  /** Runs a line, and answers what it writes. */
  run(shell: ShellName, line: string): string {
    return execFileSync(shell, ['-c', line], { ...this.#options, encoding: 'utf8' })
  }

  install(shell: ShellName): void {
    this.run('bash', regionOf(commands, shell))
  }

  /** What the shell offers at the end of each line, without what is there already. */
  async offers(shell: ShellName, lines: readonly string[]): Promise<readonly string[][]> {
    return shell === 'fish' ? this.#askFish(lines) : await this.#askAtTerminal(shell, lines)
  }

  get #options() {
    return { cwd: this.place, env: this.#env }
  }

  #askFish(lines: readonly string[]): string[][] {
    const asked = lines.map((line) => `complete -C '${line}'; echo END`).join('\n')
    const parts = this.run('fish', asked).split('END\n').slice(0, -1)
    return parts.map((part) =>
      part.split('\n').flatMap((line) => (line === '' ? [] : [valueOf(line.split('\t')[0] ?? '')])),
    )
  }

  async #askAtTerminal(shell: 'bash' | 'zsh', lines: readonly string[]): Promise<string[][]> {
    const startFile = join(this.#folder, `.${shell}rc`)
    writeFileSync(startFile, `\n${startFiles[shell]}\n`, { flag: 'a' })
    const terminal = spawn('script', ['-qec', `${shell} -i`, '/dev/null'], {
      ...this.#options,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    const offers: string[][] = []
    try {
      for (const line of lines) {
        terminal.stdin.write(`${line}\u001b*\n`)
        offers.push(offered(line, await this.#answer(`${shell} has completed: ${line}`)))
      }
      terminal.stdin.end('exit\n')
      await once(terminal, 'close')
    } finally {
      terminal.kill()
    }
    return offers
  }

  async #answer(what: string): Promise<string[]> {
    const file = join(this.#folder, 'answer')
    await until(() => existsSync(file), { what, timeoutMs: 20_000 })
    const words = readFileSync(file, 'utf8').split('\0').slice(0, -1)
    rmSync(file)
    return words
  }
}

function offered(line: string, words: readonly string[]): string[] {
  const typed = line.split(' ').slice(1)
  const current = typed.at(-1) ?? ''
  const after = words.slice(typed.length - 1)
  // Nothing was offered: what was typed is still there.
  if (after.join() === current) return []
  // Where no argument can be offered, zsh offers flags.
  return after.filter((word) => current.startsWith('-') || !word.startsWith('-')).map(valueOf)
}

/** `--state=dead`, `--state=` and `src/` are the ways in which some shells write `dead`, `--state` and `src`. */
function valueOf(word: string): string {
  return word.replaceAll(/^--[^=]*=(?=.)|[=/]$/g, '')
}
