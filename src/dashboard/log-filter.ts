/** Which log lines somebody wants to see: asked by the dashboard, and by its page for what is streamed to all. */
import { isPartOf } from '../language/is-part-of.ts'
import { isAsSevere, type LogLevel } from '../runtime/logger.ts'
import type { LogLine } from './api-types.ts'

export interface LogFilter {
  readonly pipeline?: string | undefined
  readonly phase?: string | undefined
  readonly job?: string | undefined
  /** At least as severe. */
  readonly level?: LogLevel | undefined
  /** Part of the message, in any case. */
  readonly text?: string | undefined
}

export function fitsFilter(line: LogLine, filter: LogFilter): boolean {
  const { pipeline, phase, job, level, text } = filter
  if (pipeline !== undefined && line.pipeline !== pipeline) return false
  if (phase !== undefined && line.phase !== phase) return false
  if (job !== undefined && line.jobId !== job) return false
  if (level !== undefined && !isAsSevere(line.level, level)) return false
  return text === undefined || isPartOf(line.message, text)
}
