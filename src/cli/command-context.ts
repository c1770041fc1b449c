/** What every command works with: where data and messages go, and how it ends. stdout is data, stderr the rest. */
import { styleText } from 'node:util'
import type { GlobalOptions } from '../config/commands.ts'
import { isCarbontubeError, CarbontubeError } from '../errors/errors.ts'
import { createLogger, streamSink, type Logger } from '../runtime/logger.ts'

export const isTerminal = process.stderr.isTTY === true

export function commandLogger({ json, logLevel: level }: GlobalOptions): Logger {
  const format = json || !isTerminal ? 'json' : 'pretty'
  const now = () => new Date()
  return createLogger(streamSink({ stream: process.stderr, level, format, now }))
}

/** One line of data. */
export function print(value: unknown): void {
  process.stdout.write(`${typeof value === 'string' ? value : JSON.stringify(value, shown)}\n`)
}

/** A message for people. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function style(format: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string): string {
  const isColoured = isTerminal && process.env['NO_COLOR'] === undefined
  return isColoured ? styleText(format, text) : text
}

/** Rows under a head, columns aligned. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return cells.map(line).join('\n')
}

/** Says what, where, why and what to do, and answers the exit code. */
export function reportError(error: unknown, { json }: { readonly json: boolean }): number {
  const known = knownError(error)
  if (known.code === 'CT_INTERNAL' && error instanceof Error && error !== known) {
    say(error.stack ?? '')
  }
  const { code, message, hint, details } = known
  if (json) {
    say(JSON.stringify({ error: { code, message, hint, details } }, shown))
  } else {
    say(`${style('red', 'error')} ${style('bold', code)}: ${message}`)
    if (hint !== undefined) say(`  ${hint}`)
  }
  return known.exit
}

/** What is no error of ours is a defect of ours, but for a limit of the system, which may be met anywhere. */
function knownError(error: unknown): CarbontubeError {
  if (isCarbontubeError(error)) return error
  const message = error instanceof Error ? error.message : String(error)
  const { code } = (error ?? {}) as { code?: unknown }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new CarbontubeError('CT_TOO_MANY_FILES', message, {
      hint: 'Raise the limit: `ulimit -n` shows it; of a service LimitNOFILE, of a container --ulimit nofile.',
      cause: error,
    })
  }
  return new CarbontubeError('CT_INTERNAL', message, {
    hint: 'This is a defect of Carbontube: please report it with the lines above.',
  })
}

function shown(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value
}
