/**
 * Log lines of one page: a window on the newest. While somebody reads (paused, or scrolled up), the window
 * stands still and the buffer goes on behind it, so that what is read never moves.
 */
import type { LogLine } from '../../src/dashboard/api-types.ts'

/** In the page at once: more cannot be read, and make it slow. */
export const shownMax = 1_000
/** Kept to be downloaded, and to be shown when a held window goes on. */
const keptMax = 5_000

export interface LogFilter {
  readonly phase?: string
  readonly job?: string
  /** The least severe that is shown. */
  readonly level?: string
  readonly text?: string
}

/** With a number of its own, since equal lines do come. */
export interface KeptLine {
  readonly number: number
  readonly line: LogLine
}

const severity = ['debug', 'info', 'warn', 'error']

/** Text is looked for in the message only, as the server does. */
export function fitsLogFilter(line: LogLine, { phase, job, level, text }: LogFilter): boolean {
  if (phase !== undefined && phase !== '' && line.phase !== phase) return false
  if (job !== undefined && job !== '' && line.jobId !== job) return false
  if (level !== undefined && severity.indexOf(line.level) < severity.indexOf(level)) return false
  if (text === undefined || text === '') return true
  return line.message.toLowerCase().includes(text.toLowerCase())
}

export class LogBuffer {
  #lines: KeptLine[] = []
  #held: readonly KeptLine[] | undefined
  #heldAt = 0
  #count = 0
  #dropped = 0

  get dropped(): number {
    return this.#dropped
  }

  get isHeld(): boolean {
    return this.#held !== undefined
  }

  /** What is in the page: at most `shownMax`, the oldest first. */
  get shown(): readonly KeptLine[] {
    return this.#held ?? this.#lines.slice(-shownMax)
  }

  /** Lines that came while the window stood still. */
  get unseen(): number {
    return this.#held === undefined ? 0 : this.#count - this.#heldAt
  }

  /** Everything that is kept, for a download. */
  get kept(): readonly LogLine[] {
    return this.#lines.map(({ line }) => line)
  }

  add(lines: readonly LogLine[], dropped = 0): void {
    for (const line of lines) {
      this.#count += 1
      this.#lines.push({ number: this.#count, line })
    }
    this.#dropped += dropped
    // Cut rarely: an array is copied by it.
    if (this.#lines.length > 2 * keptMax) this.#lines = this.#lines.slice(-keptMax)
  }

  hold(): void {
    if (this.#held !== undefined) return
    this.#held = this.shown
    this.#heldAt = this.#count
  }

  release(): void {
    this.#held = undefined
  }

  clear(): void {
    this.#lines = []
    this.#dropped = 0
    this.#heldAt = this.#count
    if (this.#held !== undefined) this.#held = []
  }
}
