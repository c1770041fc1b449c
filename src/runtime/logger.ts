/**
 * Log lines on stderr: for people on a terminal, as NDJSON otherwise. Small on purpose: the fields are
 * plain, nothing is buffered, and what must not flood is limited at its source.
 */
/** The least severe first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export interface LogSink {
  write(level: LogLevel, message: string, fields: LogFields): void
}

export function createLogger(sink: LogSink, bound: LogFields = {}): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    sink.write(level, message, fields === undefined ? bound : { ...bound, ...fields })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export function isAsSevere(level: LogLevel, least: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(least)
}

export interface StreamSinkOptions {
  readonly stream: { write(text: string): unknown }
  readonly level: LogLevel
  /** `pretty` for people, `json` for machines. */
  readonly format: 'pretty' | 'json'
  now(): Date
}

export function streamSink({ stream, level, format, now }: StreamSinkOptions): LogSink {
  return {
    write(of, message, fields) {
      if (!isAsSevere(of, level)) return
      const time = now().toISOString()
      const line =
        format === 'json'
          ? JSON.stringify({ time, level: of, message, ...printable(fields) })
          : `${time.slice(11, 23)} ${of.padEnd(5)} ${message}${describe(fields)}`
      stream.write(`${line}\n`)
    },
  }
}

function describe(fields: LogFields): string {
  const parts = Object.entries(printable(fields)).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return parts.length === 0 ? '' : `  ${parts.join(' ')}`
}

function printable(fields: LogFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value instanceof Error
        ? { name: value.name, message: value.message, stack: value.stack }
        : value,
    ]),
  )
}

/** Lets few lines through in a second, one unless told otherwise, and then says how many it held back. */
export class LimitedLog {
  readonly #write: (message: string, fields: LogFields) => void
  readonly #nowMs: () => number
  readonly #perSecond: number
  #secondMs = -Infinity
  #inSecond = 0
  #heldBack = 0
  total = 0

  constructor(
    nowMs: () => number,
    write: (message: string, fields: LogFields) => void,
    perSecond = 1,
  ) {
    this.#nowMs = nowMs
    this.#write = write
    this.#perSecond = perSecond
  }

  log(message: string, fields: LogFields = {}): void {
    this.total += 1
    const nowMs = this.#nowMs()
    if (nowMs - this.#secondMs >= 1_000) {
      this.#secondMs = nowMs
      this.#inSecond = 0
    }
    if (this.#inSecond >= this.#perSecond) {
      this.#heldBack += 1
      return
    }
    this.#inSecond += 1
    this.#write(message, { ...fields, total: this.total, heldBack: this.#heldBack })
    this.#heldBack = 0
  }
}
