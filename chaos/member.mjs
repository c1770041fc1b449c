// One process of a campaign that is killed, frozen and started again under the same orders. An end that
// nobody has ordered is a finding.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/** What no log of ours may have in it, whatever is done to the processes. */
const alarms =
  /CT_INTERNAL|CT_FENCED|[Uu]nhandled|uncaught|TypeError|RangeError|AssertionError|assert/

/** @typedef {{ name: string, args: readonly string[], cwd: string, env: Record<string, string> }} MemberOptions */

export class Member {
  #options
  #log
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child
  #isEndOrdered = false
  /** What went wrong by itself. @type {string[]} */
  findings = []
  isFrozen = false

  /** @param {MemberOptions} options */
  constructor(options) {
    this.#options = options
    this.#log = createWriteStream(`${options.cwd}/${options.name}.log`, { flags: 'a' })
  }

  get name() {
    return this.#options.name
  }

  get pid() {
    return this.#child?.pid
  }

  get isUp() {
    return this.#child !== undefined
  }

  start() {
    const { name, args, cwd, env } = this.#options
    const child = spawn(process.execPath, [cli, ...args], {
      ...{ cwd, env: { ...process.env, CARBONTUBE_LOG_LEVEL: 'warn', ...env } },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    this.#isEndOrdered = false
    this.isFrozen = false
    let said = ''
    const listen = (piece) => {
      this.#log.write(piece)
      said = `${said}${piece}`.slice(-4_000)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', (piece) => {
      listen(piece)
      const line = String(piece)
        .split('\n')
        .find((one) => alarms.test(one))
      if (line !== undefined) this.findings.push(`${name} said: ${line.slice(0, 300)}`)
    })
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return
      this.#child = undefined
      if (this.#isEndOrdered) return
      this.findings.push(`${name} ended by itself (${signal ?? code}): ${said.slice(-600)}`)
    })
  }

  /** kill −9, frozen or not. Resolves when it is gone. */
  async kill() {
    await this.#end('SIGKILL')
  }

  /** SIGTERM, and kill −9 when that is not enough. */
  async stop(withinMs = 45_000) {
    if (this.#child === undefined) return
    const overdue = setTimeout(() => {
      this.findings.push(`${this.name} did not stop within ${withinMs} ms`)
      this.#child?.kill('SIGKILL')
    }, withinMs)
    await this.#end('SIGTERM')
    clearTimeout(overdue)
  }

  freeze() {
    this.isFrozen = this.#child?.kill('SIGSTOP') ?? false
  }

  thaw() {
    this.#child?.kill('SIGCONT')
    this.isFrozen = false
  }

  async close() {
    await this.kill()
    await new Promise((resolve) => this.#log.end(resolve))
  }

  /** @param {'SIGKILL' | 'SIGTERM'} signal */
  async #end(signal) {
    const child = this.#child
    if (child === undefined) return
    this.#isEndOrdered = true
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
}
