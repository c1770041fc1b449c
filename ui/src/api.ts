/**
 * The API: paths relative to where the dashboard is mounted, problems (RFC 9457) as errors. An answer that
 * cannot be had is an error as well, with words a person can act on.
 */
import type { Problem } from '../../src/dashboard/api-types.ts'

export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined
  readonly issues: NonNullable<Problem['issues']>

  constructor(problem: Pick<Problem, 'status' | 'code' | 'detail'> & Partial<Problem>) {
    super(problem.detail)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.hint = problem.hint
    this.issues = problem.issues ?? []
  }
}

/** Answers that say one must log in go here; the page that is open then stays in the URL. */
let onUnauthorized: () => void = () => {}

export function whenUnauthorized(act: () => void): void {
  onUnauthorized = act
}

export function apiUrl(path: string): string {
  return new URL(`api/v1/${path}`, document.baseURI).href
}

/** Part of a path: ids may hold any character. */
export function segment(text: string): string {
  return encodeURIComponent(text)
}

/** `?a=1&b=2` of what is given. */
export function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => [name, String(value)])
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
}

/** @throws ApiError */
export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return request<T>('GET', path, { ...(signal === undefined ? {} : { signal }) })
}

/** @throws ApiError */
export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return request<T>('POST', path, { body })
}

/** @throws ApiError */
export function remove<T>(path: string): Promise<T> {
  return request<T>('DELETE', path, {})
}

interface Sent {
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** Longer than the dashboard waits for a manager, so that its own words arrive first. */
const answerMsMax = 20_000

async function request<T>(method: string, path: string, { body, signal }: Sent): Promise<T> {
  const response = await answer(method, path, { body, ...(signal ? { signal } : {}) })
  if (response.ok) {
    return (response.status === 204 ? undefined : await response.json()) as T
  }

  const error = new ApiError(await problemOf(response))
  if (response.status === 401 && path !== 'session') onUnauthorized()
  throw error
}

async function answer(method: string, path: string, { body, signal }: Sent): Promise<Response> {
  const late = AbortSignal.timeout(answerMsMax)
  try {
    return await fetch(apiUrl(path), {
      method,
      credentials: 'same-origin',
      signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new ApiError({
      status: 0,
      code: 'CT_UNREACHABLE',
      detail: late.aborted
        ? `The dashboard did not answer within ${answerMsMax / 1_000} s.`
        : 'The dashboard does not answer.',
      hint: 'Is `carbontube web` running, and the network up?',
    })
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const unknown = {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: `The dashboard answered ${response.status} ${response.statusText}.`,
    code: `HTTP_${response.status}`,
  }
  try {
    return { ...unknown, ...((await response.json()) as Partial<Problem>) }
  } catch {
    // A proxy in between answers in HTML.
    return unknown
  }
}
