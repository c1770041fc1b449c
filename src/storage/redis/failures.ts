/**
 * What an error of ioredis or of the server means. Errors of ioredis carry the command with its arguments
 * (AUTH with the password, a group with its instructions): only the text goes on from here.
 */
import { CarbontubeError, isCarbontubeError } from '../../errors/errors.ts'
import { storeFailed, storeForeign, storeFull } from '../storage-errors.ts'

/** `transient`: it may work in a moment, and whether a write was done is not known. */
export type RedisFailure = 'full' | 'transient' | 'noScript' | 'denied' | 'foreign' | 'other'

const byCode: ReadonlyMap<string, RedisFailure> = new Map([
  ...(['OOM', 'MISCONF'] as const).map((code) => [code, 'full'] as const),
  ...(['LOADING', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN', 'BUSY'] as const).map(
    (code) => [code, 'transient'] as const,
  ),
  ...(['MOVED', 'ASK', 'NOREPLICAS', 'UNKILLABLE', 'UNBLOCKED'] as const).map(
    (code) => [code, 'transient'] as const,
  ),
  ...(['WRONGPASS', 'NOAUTH', 'NOPERM'] as const).map((code) => [code, 'denied'] as const),
  ['NOSCRIPT', 'noScript'] as const,
  ['WRONGTYPE', 'foreign'] as const,
])

/** How ioredis and Node say that the connection, or the answer, is missing. */
const lost =
  /Connection is closed|Stream isn't writeable|max retries per request|Command timed out|Command aborted|Socket (timeout|closed)|Failed to refresh slots|Cluster isn't ready|All sentinels are unreachable|Too many Cluster redirections|closed state|None of startup nodes|Redis is already/i

/** What Node says of a socket: `connect ECONNREFUSED 127.0.0.1:6379`. */
const ofSocket = /\b(connect|read|write|getaddrinfo) E[A-Z_]+|socket hang up|before secure TLS/

export function failureOf(error: unknown): RedisFailure {
  const text = textOfError(error)
  const known = byServer(text)
  if (known !== undefined) return known
  if (/ERR AUTH|invalid (password|username)/i.test(text)) return 'denied'
  if (lost.test(text) || ofSocket.test(text)) return 'transient'
  return 'other'
}

/** Whether a server has said it; else there was none to ask. */
export function isAnswer(error: unknown): boolean {
  return byServer(textOfError(error)) !== undefined
}

function byServer(text: string): RedisFailure | undefined {
  // Before Redis 7 the error of a command within a script stands behind other words, with a minus.
  const code = /^([A-Z]+)\b/.exec(text)?.[1] ?? ''
  return byCode.get(code) ?? byCode.get(/ -([A-Z]+) /.exec(text)?.[1] ?? '')
}

/** An error after which the store is as it was before, in our words. Errors of ours pass as they are. */
export function explained(error: unknown, where: string): Error {
  if (isCarbontubeError(error)) return error
  const cause = bareCause(error)
  switch (failureOf(error)) {
    case 'full':
      return storeFull(where, cause)
    case 'foreign':
      return storeForeign(where, 'a key under our prefix is of another kind', cause)
    case 'transient':
      return unanswered('CT_STORE_FAILED', where, cause)
    case 'denied':
    case 'noScript':
    case 'other':
      return storeFailed(where, cause.message, cause)
  }
}

/** Nobody has answered yet: the address may be wrong. */
export function unreachable(where: string, cause: Error): CarbontubeError {
  return unanswered('CT_UNREACHABLE', where, cause)
}

/** A server that was there and is away is an error of the store, after which its owner waits for it. */
function unanswered(
  code: 'CT_UNREACHABLE' | 'CT_STORE_FAILED',
  where: string,
  cause: Error,
): CarbontubeError {
  return new CarbontubeError(code, `${where} does not answer: ${cause.message}`, {
    hint: 'Is the server up, and is the address right?',
    cause,
  })
}

/** The error without what ioredis has hung on it. */
export function bareCause(error: unknown): Error {
  return new Error(textOfError(error))
}

function textOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
