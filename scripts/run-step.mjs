// One way to run a tool for the scripts: quiet while it works, its whole output in a log, and the output
// handed back so that a failure can be shown in full.
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const out = join(root, 'out')

/**
 * Runs commands one after the other until one fails.
 *
 * @param {string} name of the log: out/<name>.log
 * @param {string[][]} commands each a program (also one of node_modules/.bin) and its arguments
 * @returns {Promise<{ ok: boolean, seconds: number, output: string }>}
 */
export async function runStep(name, commands, { echo = false, env = {} } = {}) {
  mkdirSync(out, { recursive: true })
  const log = createWriteStream(join(out, `${name}.log`))
  const startedAt = performance.now()
  const pieces = []
  let ok = true
  const take = (piece) => {
    pieces.push(piece)
    log.write(piece)
    if (echo) process.stdout.write(piece)
  }
  for (const command of commands) {
    ok = await runCommand(command, env, take)
    if (!ok) break
  }
  await new Promise((resolve) => log.end(resolve))
  const seconds = (performance.now() - startedAt) / 1000
  return { ok, seconds, output: Buffer.concat(pieces).toString() }
}

function runCommand([program, ...args], env, take) {
  const path = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, PATH: path, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', (error) => {
      take(Buffer.from(`${program}: ${error.message}\n`))
      resolve(false)
    })
    child.on('close', (code, signal) => {
      if (signal !== null) take(Buffer.from(`${program} was ended by ${signal}\n`))
      resolve(code === 0)
    })
  })
}
