/** What an error of `pg` means, and how we say it. */
import { CarbontubeError, isCarbontubeError } from '../../errors/errors.ts'
import { readOnlyStore, storeFailed, storeForeign, storeFull } from '../storage-errors.ts'

/**
 * `passing`: the server is away, starting, stopping or overloaded, or the connection broke. It may be
 * there again in a moment; whether a statement was carried out is not known.
 */
export type PgFailure = 'passing' | 'full' | 'readOnly' | 'foreign' | 'other'

/** By SQLSTATE, or by its class: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const failures: ReadonlyMap<string, PgFailure> = new Map<string, PgFailure>([
  ['53100', 'full'],
  ['25006', 'readOnly'],
  // Connections, resources, and what an operator does.
  ['08', 'passing'],
  ['53', 'passing'],
  ['57', 'passing'],
  ['58', 'passing'],
  // Who may connect, and to which database: both change while a server is restored or replaced.
  ['28', 'passing'],
  ['3D', 'passing'],
  // Deadlocks, serialization, locks that were waited for too long, a session that ended.
  ['40', 'passing'],
  ['55P03', 'passing'],
  ['25P03', 'passing'],
  // A table, a column, a function or the schema is missing.
  ['42P01', 'foreign'],
  ['42703', 'foreign'],
  ['42883', 'foreign'],
  ['3F000', 'foreign'],
])

/** Reads the error; one without an SQLSTATE is of the connection. */
export function failureOf(error: unknown): PgFailure {
  if (isCarbontubeError(error)) return 'other'
  const state = stateOf(error)
  if (state === undefined) return 'passing'
  return failures.get(state) ?? failures.get(state.slice(0, 2)) ?? 'other'
}

/** The SQLSTATE of an error that the server sent. */
export function stateOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, severity } = error as { code?: unknown; severity?: unknown }
  return typeof severity === 'string' && typeof code === 'string' ? code : undefined
}

/** An error after which nothing was changed, in our words. Errors of ours pass as they are. */
export function explained(error: unknown, where: string): CarbontubeError {
  if (isCarbontubeError(error)) return error
  const what = reasonOf(error)
  switch (failureOf(error)) {
    case 'full':
      return storeFull(where, error)
    case 'readOnly':
      return readOnlyStore(where)
    case 'foreign':
      return storeForeign(where, `it is damaged: ${what}`, error)
    case 'passing':
    case 'other':
      return storeFailed(where, what, error)
  }
}

/** How Node and `pg` say of a connection that nobody answers. */
const unanswered = /\bE[A-Z]+\b|timeout|terminated|closed|hang up/i

/** Of opening: when nobody has answered yet, the address may be wrong. */
export function openingFailed(error: unknown, where: string): CarbontubeError {
  const what = reasonOf(error)
  const isAnswered = isCarbontubeError(error) || stateOf(error) !== undefined
  if (isAnswered || !unanswered.test(what)) return explained(error, where)
  return new CarbontubeError('CT_UNREACHABLE', `${where} does not answer: ${what}`, {
    hint: 'Is the server up, and is the address right?',
    cause: error,
  })
}

/** What it says. A refused connection to several addresses has its message in its parts. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return first instanceof Error ? first.message : error.name
}
