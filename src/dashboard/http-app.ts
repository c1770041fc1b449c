/**
 * The HTTP application: for each route of the table who may ask, what the body is, and the handler; headers
 * and problems around all of it. The dashboard may be mounted anywhere: whatever stands before a path that
 * is known here is left out.
 */
import { Hono } from 'hono'
import { CarbontubeError } from '../errors/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import { mayDo, type Access, type Identity } from './access.ts'
import { readBody } from './body-checks.ts'
import { anybody, type Answer, type Call, type Handlers } from './call.ts'
import type { LoginDelays } from './login-delays.ts'
import { problemResponse } from './problem.ts'
import { bearerOf, checkHost, checkReport, checkUnsafe, cookieOf } from './request-guard.ts'
import { apiPath, methodsAt, pathNames, routeNames, routes, type Route } from './routes.ts'
import { securityHeaders } from './security-headers.ts'
import type { StaticFiles } from './static-files.ts'

export interface HttpAppParts {
  readonly handlers: Handlers
  readonly access: Access
  readonly delays: LoginDelays
  readonly files: StaticFiles
  readonly logger: Logger
  /** Bound to loopback alone: browsers of this machine, and nobody else, can ask. */
  readonly isLoopback: boolean
  readonly cookieName: () => string
  readonly metrics: () => Promise<string>
  readonly isReady: () => boolean
  /** Address of the one who asks; of the last proxy, if there is one. */
  readonly addressOf: (environment: unknown) => string
}

/** Beside the API; nobody is asked for a token at the last two. */
const plainPaths = ['/metrics', '/healthz', '/readyz'] as const

export function httpApp(parts: HttpAppParts): Hono {
  const app = new Hono({ getPath: ({ url }) => mountedPath(new URL(url).pathname) })
  app.onError((error) => problemResponse(error, parts.logger))
  app.use(async (context, next) => {
    await next()
    for (const [name, value] of Object.entries(securityHeaders))
      context.res.headers.set(name, value)
    if (!context.res.headers.has('cache-control')) {
      context.res.headers.set('cache-control', 'no-store')
    }
  })
  app.use(async (context, next) => {
    if (parts.isLoopback) checkHost(context.req.raw)
    await next()
  })
  for (const name of routeNames) {
    const route: Route = routes[name]
    const path = `${apiPath}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`
    app.on(route.method, path, async (context) => {
      const { raw } = context.req
      const from = parts.addressOf(context.env)
      // Browsers report without a token.
      if (name === 'reportPolicy') checkReport(raw)
      else checkUnsafe(raw)
      const who = route.role === 'open' ? guest(parts, raw) : await identify(parts, raw, from)
      if (route.role !== 'open') checkRole(who, route)
      const call: Call = {
        ...{ who, from, request: raw, signal: raw.signal, isSecure: isSecure(raw) },
        query: new URL(raw.url).searchParams,
        params: Object.fromEntries(
          pathNames(route.path).map((one) => [one, context.req.param(one) ?? '']),
        ),
        body: route.request === undefined ? undefined : await readBody(raw, route.request),
      }
      return respond(await parts.handlers[name](call), route)
    })
  }
  addPlainPaths(app, parts)
  app.all('*', async (context) => {
    const { method, path } = context.req
    if (path.startsWith(`${apiPath}/`)) throw unknownPath(method, path)
    const isGet = method === 'GET' || method === 'HEAD'
    const file = isGet ? await parts.files.answer(context.req.raw, path) : undefined
    if (file === undefined) throw unknownPath(method, path)
    return file
  })
  return app
}

function addPlainPaths(app: Hono, parts: HttpAppParts): void {
  app.get('/healthz', (context) => context.text('ok\n'))
  app.get('/readyz', (context) => {
    return parts.isReady() ? context.text('ready\n') : context.text('no manager answers\n', 503)
  })
  app.get('/metrics', async (context) => {
    await identify(parts, context.req.raw, parts.addressOf(context.env))
    const text = await parts.metrics()
    return context.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
  })
}

function mountedPath(path: string): string {
  const api = path.indexOf(`${apiPath}/`)
  if (api >= 0) return path.slice(api)
  return plainPaths.find((one) => path.endsWith(one)) ?? path
}

function respond(answer: Answer, { status = 200 }: Route): Response {
  if (answer instanceof Response) return answer
  if (answer === undefined) return new Response(null, { status: 204 })
  return Response.json(answer, { status })
}

/** @throws CT_UNAUTHENTICATED */
async function identify(parts: HttpAppParts, request: Request, from: string): Promise<Identity> {
  const { access, delays } = parts
  if (!access.needsToken) return anybody
  const secret = bearerOf(request)
  if (secret !== undefined) {
    const token = access.tokenOf(secret)
    if (token !== undefined) return { name: token.name, role: token.role, by: 'bearer' }
    return delays.refuse(from)
  }
  const known = guest(parts, request)
  if (known.by === 'session') return known
  throw new CarbontubeError('CT_UNAUTHENTICATED', 'the dashboard has to know who asks', {
    hint: 'Log in, or send a token: authorization: Bearer …',
  })
}

/** The session of the browser, if it has one; for routes that take everybody. */
function guest({ access, cookieName }: HttpAppParts, request: Request): Identity {
  const id = cookieOf(request, cookieName())
  const known = id === undefined ? undefined : access.identityOfSession(id)
  return known ?? anybody
}

function checkRole({ name, role }: Identity, route: Route): void {
  if (route.role === 'open' || mayDo(role, route.role)) return
  throw new CarbontubeError(
    'CT_FORBIDDEN',
    `"${name}" may only ${role}; this wants ${route.role}`,
    {
      hint: 'Use a token with a higher role.',
    },
  )
}

function isSecure(request: Request): boolean {
  // Of several proxies the first one says what the browser speaks.
  const [forwarded = ''] = (request.headers.get('x-forwarded-proto') ?? '').split(',')
  return request.url.startsWith('https:') || forwarded.trim().toLowerCase() === 'https'
}

function unknownPath(method: string, path: string): CarbontubeError {
  const isPlain = plainPaths.some((one) => one === path)
  const known = path.startsWith(apiPath) ? methodsAt(path.slice(apiPath.length)) : []
  const allow = isPlain ? ['GET'] : known
  const shownPath = JSON.stringify(path.slice(0, 200))
  if (allow.length > 0) {
    return new CarbontubeError(
      'CT_METHOD_NOT_ALLOWED',
      `${method} is nothing one can do to ${shownPath}`,
      {
        hint: `Use ${allow.join(' or ')}.`,
        details: { allow },
      },
    )
  }
  return new CarbontubeError('CT_NOT_FOUND', `nothing is at ${shownPath}`, {
    hint: `The routes are in ${apiPath}/openapi.json.`,
  })
}
