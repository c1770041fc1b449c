/** An error as people get it over HTTP: a problem of RFC 9457, with the code of the table of errors. */
import type { ErrorCode } from '../errors/catalogue.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Problem } from './api-types.ts'
import { apiPath } from './routes.ts'

/** What is not here is a defect of ours, and 500. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  CT_BAD_REQUEST: 400,
  CT_BAD_SEARCH: 400,
  CT_BAD_OPTION: 400,
  CT_BAD_INSTRUCTIONS: 400,
  CT_UNAUTHENTICATED: 401,
  CT_FORBIDDEN: 403,
  CT_NOT_FOUND: 404,
  CT_JOB_NOT_FOUND: 404,
  CT_WORKER_NOT_FOUND: 404,
  CT_UNKNOWN_PIPELINE: 404,
  CT_UNKNOWN_JOB_TYPE: 404,
  CT_METHOD_NOT_ALLOWED: 405,
  CT_REFUSED: 409,
  CT_CONFLICT: 409,
  CT_EXPIRED: 409,
  CT_TOO_LARGE: 413,
  CT_INVALID_JOB: 422,
  CT_PROTOCOL: 502,
  CT_STORE_FAILED: 502,
  CT_BUSY: 503,
  CT_STORE_FULL: 503,
  CT_STORE_HELD: 503,
  CT_NOT_OWNER: 503,
  CT_UNREACHABLE: 503,
  CT_STOPPED: 503,
  CT_TIMED_OUT: 504,
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not logged in',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Refused',
  413: 'Too large',
  422: 'Invalid job',
  429: 'Too many attempts',
  500: 'Internal error',
  502: 'The manager answered with an error',
  503: 'Not available now',
  504: 'Timed out',
}

export type Issue = NonNullable<Problem['issues']>[number]

/** What is wrong with which field; becomes `issues` of the problem. */
export function badRequest(message: string, issues: readonly Issue[] = []): CarbontubeError {
  return new CarbontubeError('CT_BAD_REQUEST', message, {
    hint: `The route and its types are in ${apiPath}/openapi.json.`,
    details: { issues },
  })
}

export function problemOf(error: CarbontubeError): Problem {
  const { code, message: detail, hint, details } = error
  const status = typeof details['status'] === 'number' ? details['status'] : (statuses[code] ?? 500)
  const { issues } = details as { issues?: readonly Issue[] }
  return {
    ...{ type: `https://carbontube.dev/errors/${code}`, title: titles[status] ?? 'Error' },
    ...{ status, detail, code },
    ...given({ hint, issues: issues?.length === 0 ? undefined : issues }),
  }
}

/** The answer to a request that failed. What nobody expected is told to the log, not to the world. */
export function problemResponse(error: unknown, logger: Logger): Response {
  const problem = isCarbontubeError(error) ? problemOf(error) : unexpected(error, logger)
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (problem.status === 401) headers.set('www-authenticate', 'Bearer realm="carbontube"')
  if (isCarbontubeError(error)) {
    const { allow, retryAfterSeconds } = error.details
    if (Array.isArray(allow)) headers.set('allow', allow.join(', '))
    if (typeof retryAfterSeconds === 'number') headers.set('retry-after', `${retryAfterSeconds}`)
  }
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

function unexpected(error: unknown, logger: Logger): Problem {
  logger.error('a request has failed for no known reason', { error })
  return problemOf(
    new CarbontubeError('CT_INTERNAL', 'the dashboard failed at this request', {
      hint: 'This is a defect of Carbontube: please report it with the line in its log.',
    }),
  )
}
