/** A request as a route sees it, and what a route answers: nothing here knows the web framework. */
import { badRequest } from './problem.ts'
import type { Identity } from './access.ts'
import type { RouteName } from './routes.ts'

export interface Call {
  readonly request: Request
  /** Of the path, by name. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** As the schema of the route has it; `undefined` where the route takes none. */
  readonly body: unknown
  readonly who: Identity
  /** Fires when the one who asked is gone. */
  readonly signal: AbortSignal
  /** Address of the one who asked. */
  readonly from: string
  /** Whether it came by https, as far as one can know. */
  readonly isSecure: boolean
}

/** What becomes JSON, or a response that is ready. */
export type Answer = Response | object | undefined
export type Handler = (call: Call) => Answer | Promise<Answer>
export type Handlers = Readonly<Record<RouteName, Handler>>

/** The body as its schema has been checked. */
export function bodyOf<T>(call: Call): T {
  return call.body as T
}

export function param(call: Call, name: string): string {
  return call.params[name] ?? ''
}

/** Whoever asks although nobody is asked for a token. */
export const anybody: Identity = { name: 'local', role: 'admin', by: 'anybody' }

/** A whole number of the query. @throws CT_BAD_REQUEST */
export function numberIn(
  { query }: Call,
  name: string,
  { min, max, otherwise }: { min: number; max: number; otherwise: number },
): number {
  const text = query.get(name)
  if (text === null || text === '') return otherwise
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (value >= min && value <= max) return value
  const message = `${name} is ${JSON.stringify(text.slice(0, 40))}, not a whole number from ${min} to ${max}`
  throw badRequest(message, [{ path: name, message }])
}

/** One of a few words in the query. @throws CT_BAD_REQUEST */
export function wordIn<const W extends string>(
  { query }: Call,
  name: string,
  words: readonly W[],
): W | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const word = words.find((one) => one === text)
  if (word !== undefined) return word
  const message = `${name} is ${JSON.stringify(text.slice(0, 40))}, not one of ${words.join(', ')}`
  throw badRequest(message, [{ path: name, message }])
}
