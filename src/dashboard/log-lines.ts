/**
 * The log lines that workers publish, kept in memory and passed on to who looks: a thousand of the newest, and
 * as many warnings and errors, which a flood of others must not wash away; ten batches a second, and only as
 * many lines in each as a page can show.
 */
import { given } from '../language/given.ts'
import { isAsSevere, logLevels } from '../runtime/logger.ts'
import type { PublishedEvent } from '../wire/published.ts'
import type { LogBatch, LogLine } from './api-types.ts'
import { fitsFilter, type LogFilter } from './log-filter.ts'

const keptMax = 1_000
const batchMs = 100
/** Of one batch: a thousand lines a second are more than anybody reads. */
const batchLinesMax = 100
/** Of what a phase has logged in one line. */
const messageCharsMax = 8_192
const fieldsCharsMax = 8_192

interface Reader {
  readonly filter: LogFilter
  lines: LogLine[]
  dropped: number
  send(batch: LogBatch): void
}

export class LogLines {
  readonly #severe: LogLine[] = []
  readonly #others: LogLine[] = []
  readonly #readers = new Set<Reader>()
  #timer: NodeJS.Timeout | undefined
  #number: number

  /** A later dashboard begins with a higher number: fewer lines than microseconds come meanwhile. */
  constructor(nowMs: number) {
    this.#number = Math.floor(nowMs) * 1_000
  }

  take(pipeline: string, event: PublishedEvent): void {
    this.#number += 1
    const line = { number: this.#number, ...lineOf(pipeline, event) }
    const kept = isSevere(line) ? this.#severe : this.#others
    kept.push(line)
    if (kept.length >= 2 * keptMax) kept.splice(0, keptMax)
    for (const reader of this.#readers) {
      if (!fitsFilter(line, reader.filter)) continue
      reader.lines.push(line)
      if (reader.lines.length > batchLinesMax) {
        leaveOne(reader.lines)
        reader.dropped += 1
      }
      this.#timer ??= setTimeout(() => this.#flush(), batchMs)
    }
  }

  /** The newest that fit, the oldest of them first. */
  newest(filter: LogFilter, limit: number): readonly LogLine[] {
    return [this.#severe, this.#others]
      .flatMap((kept) => kept.slice(-keptMax))
      .filter((line) => fitsFilter(line, filter))
      .toSorted((a, b) => a.number - b.number)
      .slice(-limit)
  }

  /** Sends what comes from now on; answers how to stop it. */
  follow(filter: LogFilter, send: (batch: LogBatch) => void): () => void {
    const reader: Reader = { filter, send, lines: [], dropped: 0 }
    this.#readers.add(reader)
    return () => {
      this.#readers.delete(reader)
      if (this.#readers.size > 0) return
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  #flush(): void {
    this.#timer = undefined
    for (const reader of this.#readers) {
      const { lines, dropped } = reader
      if (lines.length === 0) continue
      reader.lines = []
      reader.dropped = 0
      reader.send({ lines, dropped })
    }
  }
}

function isSevere({ level }: LogLine): boolean {
  return isAsSevere(level, 'warn')
}

/** The oldest; a warning or an error only when there is nothing else. */
function leaveOne(lines: LogLine[]): void {
  const at = lines.findIndex((line) => !isSevere(line))
  lines.splice(Math.max(0, at), 1)
}

/** Whatever a worker has sent: it is a stranger's text. */
function lineOf(
  pipeline: string,
  { source, atMs, fields: all }: PublishedEvent,
): Omit<LogLine, 'number'> {
  const text = (name: string) => (typeof all[name] === 'string' ? all[name] : '')
  return {
    ...{ atMs, pipeline, worker: source, phase: text('phase'), jobId: text('jobId') },
    level: logLevels.find((one) => one === all['level']) ?? 'info',
    message: text('message').slice(0, messageCharsMax),
    ...given({ fields: fieldsOf(all['fields']) }),
  }
}

function fieldsOf(value: unknown): LogLine['fields'] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (Object.keys(value).length === 0) return undefined
  const text = JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'bigint' ? one.toString() : one,
  )
  if (text.length > fieldsCharsMax) return { cut: text.slice(0, fieldsCharsMax) }
  return JSON.parse(text) as LogLine['fields']
}
