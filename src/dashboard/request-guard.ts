/**
 * What is refused before any route sees it: pages of somebody else that use the browser of somebody who may.
 * A name that resolves to loopback (DNS rebinding) betrays itself by its Host; a form or script on another
 * site by Sec-Fetch-Site, which no page can set, and by not being able to send JSON or a bearer token
 * without asking first, which is never allowed.
 */
import { CarbontubeError } from '../errors/errors.ts'
import { badRequest } from './problem.ts'

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

/**
 * The port is of no account: a page cannot choose it for another origin, and a proxy on this machine has one
 * of its own. @throws CT_FORBIDDEN
 */
export function checkHost(request: Request): void {
  const host = request.headers.get('host') ?? ''
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase()
  if (loopbackNames.includes(name)) return
  throw new CarbontubeError(
    'CT_FORBIDDEN',
    `the request is for the host ${JSON.stringify(host.slice(0, 100))}`,
    {
      hint: 'On loopback the dashboard is asked as localhost, 127.0.0.1 or [::1]; a proxy must pass one of them on.',
    },
  )
}

/** @throws CT_FORBIDDEN, CT_BAD_REQUEST */
export function checkUnsafe(request: Request): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  const site = request.headers.get('sec-fetch-site')
  const isOwn = site === 'same-origin' || site === 'none'
  // Who can set this header has been allowed to: another site would have to ask first, and is told no.
  const hasBearer = bearerOf(request) !== undefined
  if (!isOwn && !hasBearer) {
    throw new CarbontubeError(
      'CT_FORBIDDEN',
      'the request does not say that it comes from a page of the dashboard',
      {
        hint: 'Send a token (authorization: Bearer …), or `sec-fetch-site: none` if you are no page at all.',
      },
    )
  }
  const type = mediaTypeOf(request)
  // Only who sends nothing has nothing to say of it: forms name their type also when they are empty.
  if (type === undefined && isEmpty(request)) return
  if (request.method === 'POST' && type !== 'application/json') {
    throw badRequest('what is POSTed has to be application/json, or no body without a type')
  }
}

/** Of browsers: no page can send these to another site without asking first. */
const reportTypes: readonly (string | undefined)[] = [
  ...['application/csp-report', 'application/reports+json'],
]

/** Of what needs no token and no page of ours. @throws CT_BAD_REQUEST */
export function checkReport(request: Request): void {
  if (!reportTypes.includes(mediaTypeOf(request))) {
    throw badRequest(`a report has to be ${reportTypes.join(' or ')}`)
  }
}

function mediaTypeOf({ headers }: Request): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
}

/** By its headers: a body has a length or comes in chunks. */
function isEmpty({ headers }: Request): boolean {
  return !headers.has('transfer-encoding') && Number(headers.get('content-length') ?? 0) === 0
}

export function bearerOf(request: Request): string | undefined {
  const [, secret] = /^bearer +(\S{1,512})$/i.exec(request.headers.get('authorization') ?? '') ?? []
  return secret
}

/** The value of a cookie. */
export function cookieOf(request: Request, name: string): string | undefined {
  const cookies = request.headers.get('cookie')?.split(';') ?? []
  for (const cookie of cookies) {
    const [key, value] = cookie.trim().split('=', 2)
    if (key === name && value !== undefined) return value
  }
  return undefined
}
