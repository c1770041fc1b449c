/**
 * The dashboard as a service: it watches pipelines and answers over HTTP. It knows nothing but what managers
 * tell; no store is opened here.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import { CarbontubeError } from '../errors/errors.ts'
import { systemClock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Service, ServiceState } from '../runtime/service.ts'
import { Access, parseToken } from './access.ts'
import type { Settings } from './api-types.ts'
import { httpApp } from './http-app.ts'
import { JobFinder } from './job-finder.ts'
import { jobRoutes } from './job-routes.ts'
import { LiveFeed } from './live-feed.ts'
import { LogLines } from './log-lines.ts'
import { LoginDelays } from './login-delays.ts'
import { metricsText } from './metrics.ts'
import { operationRoutes } from './operation-routes.ts'
import { Operations } from './operations.ts'
import { pipelineRoutes } from './pipeline-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import { StaticFiles } from './static-files.ts'
import { WatchedPipelines } from './watched-pipelines.ts'

export interface DashboardOptions {
  /** A router (or pull) door for each pipeline; those of several managers of one are joined by commas. */
  readonly addresses: readonly string[]
  /** Where to listen; port 0 = a free one. */
  readonly host: string
  readonly port: number
  /** `name:role:hash`, as `carbontube web-token` makes them; none: whoever reaches it may do everything. */
  readonly tokens?: readonly string[]
  /** Away from loopback without a token all the same. */
  readonly insecureNoAuth?: boolean
  /** Longest wait for an answer of a manager; default 5,000. */
  readonly timeoutMs?: number
  readonly version: string
  readonly logger: Logger
  /** What people call `host:port` and `tokens` where they gave them: for what errors tell them to do. */
  readonly flags?: DashboardFlags
  /** What GET settings shows, secrets left out. */
  readonly settings?: Settings['options']
  /** Of the built front end; default: the one of the package. */
  readonly uiFolder?: string
}

export interface DashboardFlags {
  readonly bind: string
  readonly token: string
}

const timeoutMsDefault = 5_000
const flagsDefault: DashboardFlags = { bind: '--bind', token: '--token' }
/** Beside the compiled code of this folder. */
const uiFolderDefault = fileURLToPath(new URL('ui/', import.meta.url))

/**
 * Starts it; resolves when it answers, also when no manager does yet.
 * @throws CT_NO_TOKEN, CT_BAD_OPTION, CT_BAD_ADDRESS, CT_ADDRESS_IN_USE, CT_CANNOT_BIND
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const dashboard = new Dashboard(options)
  await dashboard.start()
  return dashboard
}

export class Dashboard implements Service {
  readonly #options: DashboardOptions
  readonly #server: ServerType
  readonly #pipelines: WatchedPipelines
  readonly #live: LiveFeed
  readonly #operations: Operations
  #state: ServiceState = 'new'

  constructor(options: DashboardOptions) {
    const { addresses, logger, version, timeoutMs = timeoutMsDefault } = options
    const nowMs = () => systemClock.nowMs()
    const access = new Access((options.tokens ?? []).map(parseToken), nowMs)
    checkReach(options, access)
    const logs = new LogLines(nowMs())
    const onStatus = () => live.changed()
    const pipelines = new WatchedPipelines({
      ...{ addresses, timeoutMs, logger, logs, nowMs, onStatus },
    })
    const live: LiveFeed = new LiveFeed({ pipelines, logs, nowMs })
    const operations = new Operations({ nowMs, tell: (operation) => live.tell(operation) })
    const finder = new JobFinder(() => pipelines.watches, nowMs)
    const delays = new LoginDelays(nowMs)
    const cookieName = () => `carbontube_${this.port}`
    live.streams.onPing = ({ sessionId = '' }) => access.identityOfSession(sessionId)
    access.onSessionEnded = (id) => live.streams.closeSession(id)
    const app = httpApp({
      handlers: {
        ...sessionRoutes({
          access,
          delays,
          live,
          version,
          cookieName,
          settings: options.settings ?? [],
        }),
        ...pipelineRoutes({ pipelines, live, logs }),
        ...jobRoutes({ pipelines, finder, live }),
        ...operationRoutes({ pipelines, finder, operations, nowMs }),
      },
      files: new StaticFiles(options.uiFolder ?? uiFolderDefault),
      ...{
        access,
        delays,
        logger,
        cookieName,
        addressOf,
        isLoopback: isLoopbackHost(options.host),
      },
      metrics: () => metricsText(pipelines.measured(), version),
      isReady: () => pipelines.isReady,
    })
    this.#server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false })
    this.#options = options
    this.#pipelines = pipelines
    this.#live = live
    this.#operations = operations
  }

  get state(): ServiceState {
    return this.#state
  }

  /** 0 before `start`. Browsers share cookies among ports, so it is part of the cookie's name. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  /** Where people find it. */
  get url(): string {
    const { host } = this.#options
    return `http://${['*', '0.0.0.0', '[::]'].includes(host) ? 'localhost' : host}:${this.port}/`
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'starting'
    await listen(this.#server, this.#options)
    this.#live.start()
    this.#state = 'running'
    // A manager that is not there yet must not keep the pages from being there.
    void this.#pipelines.start()
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#operations.abortAll()
    this.#live.stop()
    await this.#pipelines.stop()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    // Without this, open streams would keep it from ever closing.
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections()
    await closed
  }
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '[::1]'
}

function checkReach(options: DashboardOptions, access: Access): void {
  const { host, insecureNoAuth = false, flags = flagsDefault } = options
  if (isLoopbackHost(host) || access.needsToken || insecureNoAuth) return
  throw new CarbontubeError(
    'CT_NO_TOKEN',
    `${host} can be reached by others, and no token is given`,
    {
      hint: `Make one with \`carbontube web-token <name> admin\` and give it with ${flags.token}, or listen on 127.0.0.1.`,
      details: { host },
    },
  )
}

async function listen(server: ServerType, options: DashboardOptions): Promise<void> {
  const { host, port, flags = flagsDefault } = options
  const bare = host === '*' ? '0.0.0.0' : host.replace(/^\[(.*)\]$/, '$1')
  try {
    server.listen(port, bare)
    await once(server, 'listening')
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE'
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw isTaken
      ? new CarbontubeError('CT_ADDRESS_IN_USE', `another process listens on ${host}:${port}`, {
          hint: `Stop it, or take another port with ${flags.bind}.`,
          cause,
        })
      : new CarbontubeError('CT_CANNOT_BIND', `${host}:${port} cannot be bound: ${reason}`, {
          hint: `Check host and port in ${flags.bind}.`,
          cause,
        })
  }
}

/** Of the socket: what a header says could be said by anybody. */
function addressOf(environment: unknown): string {
  const { incoming } = environment as { incoming?: IncomingMessage }
  return incoming?.socket.remoteAddress ?? ''
}
