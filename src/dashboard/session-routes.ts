/** Routes about who is asking, and about the dashboard itself. */
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { Access, Identity } from './access.ts'
import type { LoginRequest, PolicyReports, Session, Settings } from './api-types.ts'
import { readText } from './body-checks.ts'
import { bodyOf, type Call, type Handlers } from './call.ts'
import type { LiveFeed } from './live-feed.ts'
import type { LoginDelays } from './login-delays.ts'
import { openApiDocument } from './open-api.ts'

const reportBytesMax = 64 * 1024
const reportsKept = 20
const reportCharsMax = 2_000

export interface SessionRouteParts {
  readonly access: Access
  readonly delays: LoginDelays
  readonly live: LiveFeed
  readonly version: string
  readonly settings: Settings['options']
  cookieName(): string
}

type Names =
  'getSession' | 'logIn' | 'logOut' | 'settings' | 'openApi' | 'reportPolicy' | 'policyReports'

export function sessionRoutes(parts: SessionRouteParts): Pick<Handlers, Names> {
  const { access, version } = parts
  const sessionOf = ({ name, role }: Pick<Identity, 'name' | 'role'>): Session => ({
    ...{ name, role, needsToken: access.needsToken, version },
  })
  const reports: string[] = []
  let reported = 0
  return {
    getSession: ({ who }) => sessionOf(who),
    logIn: (call) => logIn(parts, call, sessionOf),
    logOut({ who, isSecure }) {
      if (who.sessionId !== undefined) access.logOut(who.sessionId)
      const cookie = cookieText(parts.cookieName(), '', { isSecure, maxAge: 0 })
      return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
    },
    settings(): Settings {
      const managers = parts.live.snapshot().pipelines.flatMap((one) => one.managers)
      return { options: parts.settings, managers }
    },
    openApi: () => openApiDocument(version),
    async reportPolicy({ request }) {
      const text = await readText(request, reportBytesMax)
      reported += 1
      reports.push(text.slice(0, reportCharsMax))
      if (reports.length > reportsKept) reports.shift()
      return undefined
    },
    policyReports: (): PolicyReports => ({ count: reported, reports: [...reports] }),
  }
}

async function logIn(
  { access, delays, cookieName }: SessionRouteParts,
  call: Call,
  sessionOf: (who: Pick<Identity, 'name' | 'role'>) => Session,
): Promise<Response> {
  const { token: secret } = bodyOf<LoginRequest>(call)
  if (!access.needsToken) {
    throw new CarbontubeError('CT_REFUSED', 'nobody needs to log in here', {
      hint: 'The dashboard has no tokens; whoever reaches it may use it.',
    })
  }
  const token = access.tokenOf(secret)
  if (token === undefined) return delays.refuse(call.from)
  delays.succeeded(call.from)
  const { isSecure, who } = call
  if (who.sessionId !== undefined) access.logOut(who.sessionId)
  const cookie = cookieText(cookieName(), access.logIn(token), { isSecure })
  return Response.json(sessionOf(token), { headers: { 'set-cookie': cookie } })
}

/** Without a path, browsers send it to the folder of the API alone, wherever that is mounted. */
function cookieText(
  name: string,
  value: string,
  { isSecure, maxAge }: { readonly isSecure: boolean; readonly maxAge?: number },
): string {
  const { age } = given({ age: maxAge === undefined ? undefined : `Max-Age=${maxAge}` })
  const parts = [
    `${name}=${value}`,
    'HttpOnly',
    'SameSite=Strict',
    age,
    isSecure ? 'Secure' : undefined,
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}
