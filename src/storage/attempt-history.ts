/**
 * Bounds on the history of a job, the same in every store: an error text of megabytes, or a job that is
 * redriven for years, must not grow its record without end.
 */
import type { AttemptError, AttemptRecord } from '../core/job.ts'

/** Longest stack kept, in UTF-8 bytes: 8 KiB. */
export const stackBytesMax = 8 * 1024
/** Longest error message kept, in UTF-8 bytes: 2 KiB. */
export const messageBytesMax = 2 * 1024
/** Longest `lastError`, in UTF-8 bytes: it is for lists. */
export const lastErrorBytesMax = 512
/** History of one job, in bytes as encoded, 256 KiB: when it is longer, the older attempts are dropped. */
export const historyBytesMax = 256 * 1024

/** More names than these, or one that is longer, and the attempt does not say what its phase has set. */
export const keysMax = 32
export const keyLengthMax = 64

/** The attempt with its error texts cut to their limits; the same object when nothing is too long. */
export function boundedAttempt(attempt: AttemptRecord): AttemptRecord {
  const { error, keys } = attempt
  if (keys !== undefined && !areShort(keys)) {
    const { keys: _tooMuch, ...rest } = attempt
    return boundedAttempt(rest)
  }
  if (error === undefined) return attempt
  const bounded: AttemptError = {
    kind: error.kind,
    name: clipText(error.name, lastErrorBytesMax),
    message: clipText(error.message, messageBytesMax),
    ...(error.stack === undefined ? {} : { stack: clipText(error.stack, stackBytesMax) }),
  }
  return { ...attempt, error: bounded }
}

function areShort(keys: readonly string[]): boolean {
  return keys.length <= keysMax && keys.every(({ length }) => length <= keyLengthMax)
}

/** First line of `name: message`, for `JobRecord.lastError`. */
export function lastErrorOf(error: AttemptError): string {
  const firstLine = `${error.name}: ${error.message}`.split('\n', 1)[0] ?? ''
  return clipText(firstLine.trimEnd(), lastErrorBytesMax)
}

/**
 * Tokens whose results were applied, oldest first, for `JobRecord.applied`. A lost or cancelled attempt
 * brought no result.
 */
export function appliedTokens(attempts: readonly AttemptRecord[]): string[] {
  return attempts.filter((attempt) => broughtResult(attempt.outcome)).map(({ token }) => token)
}

function broughtResult(outcome: AttemptRecord['outcome']): boolean {
  return outcome === 'done' || outcome === 'failed' || outcome === 'dead'
}

/** Cuts between characters, so that the text stays valid. */
function clipText(text: string, bytesMax: number): string {
  // No UTF-16 unit takes more than three bytes: short texts need no look at their bytes.
  if (text.length * 3 <= bytesMax) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  let end = bytesMax
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
