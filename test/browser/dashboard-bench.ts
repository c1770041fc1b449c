/**
 * A pipeline with a dashboard and a browser in front of it: real processes on free ports. What a page says
 * to the console, asks of strangers, or does against its content security policy is kept, and every test
 * ends with a look at it.
 */
import type { ChildProcess } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { Bench, kill } from '../e2e/processes.ts'
import { freePort } from '../servers/free-port.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, launchChromium } from './chromium.ts'

export const livelyFile = fileURLToPath(new URL('lively-pipeline.ts', import.meta.url))

/** The job types of the pipeline, in their order. */
export const phases = ['validate', 'charge', 'ship'] as const

export interface Web {
  readonly child: ChildProcess
  /** Ends in a slash. */
  readonly url: string
}

/**
 * One bench and one browser for all tests of a file: starting them takes longer than most tests. Pages end
 * with their test, and what they did wrong is its failure.
 */
export function benchOfFile(workers?: readonly string[]): () => DashboardBench {
  let bench: DashboardBench | undefined
  beforeAll(async () => {
    if (!chromiumIsMissing) bench = await DashboardBench.open(workers)
  })
  afterEach(async () => {
    await bench?.closePages()
    expect(bench?.complaints.splice(0) ?? []).toEqual([])
  })
  afterAll(() => bench?.close())
  return () => {
    if (bench === undefined) throw new Error('the bench is not open')
    return bench
  }
}

export class DashboardBench {
  readonly processes: Bench
  readonly #browser: Browser
  /** What pages did that they must not do. */
  readonly complaints: string[] = []
  #contexts: BrowserContext[] = []
  #client: PipelineClient | undefined
  #web: Web | undefined
  #manager: ChildProcess | undefined
  readonly #workers = new Map<string, ChildProcess>()

  private constructor(processes: Bench, browser: Browser) {
    this.processes = processes
    this.#browser = browser
  }

  /** A manager, a dashboard, and a worker for each phase that is named. */
  static async open(workers: readonly string[] = phases): Promise<DashboardBench> {
    const bench = new DashboardBench(await Bench.open(), await launchChromium())
    bench.startManager()
    for (const jobType of workers) bench.worker(jobType)
    bench.#web = await bench.web()
    bench.#client = await bench.processes.client()
    const counts = Object.fromEntries(workers.map((jobType) => [jobType, 1]))
    await bench.processes.workersReady(bench.#client, counts)
    return bench
  }

  get client(): PipelineClient {
    if (this.#client === undefined) throw new Error('the bench is not open')
    return this.#client
  }

  get url(): string {
    return this.#web?.url ?? ''
  }

  get managerProcess(): ChildProcess {
    if (this.#manager === undefined) throw new Error('the bench is not open')
    return this.#manager
  }

  get webProcess(): ChildProcess {
    if (this.#web === undefined) throw new Error('the bench is not open')
    return this.#web.child
  }

  /** Again on the same store and the same doors, once the one before has been killed. */
  startManager(): void {
    this.#manager = this.processes.manager(livelyFile)
  }

  worker(jobType: string, more: readonly string[] = []): ChildProcess {
    const child = this.processes.worker(jobType, more, undefined, livelyFile)
    this.#workers.set(jobType, child)
    return child
  }

  /** The one that was started last. */
  workerOf(jobType: string): ChildProcess {
    const child = this.#workers.get(jobType)
    if (child === undefined) throw new Error(`no worker of ${jobType} was started`)
    return child
  }

  /** Another dashboard of the same pipeline. */
  async web(more: readonly string[] = [], at?: number): Promise<Web> {
    const port = at ?? (await freePort())
    const url = `http://127.0.0.1:${port}/`
    const args = ['web', this.processes.router, '--bind', `127.0.0.1:${port}`, ...more]
    const child = this.processes.start(args)
    let said = ''
    child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    await until(
      async () => {
        if (child.exitCode !== null) return `it ended: ${said}`
        return (await fetch(`${url}healthz`)).ok && 'it answers'
      },
      { what: 'the dashboard answers', timeoutMs: 20_000 },
    )
    if (child.exitCode !== null) throw new Error(`carbontube web ended: ${said}`)
    return { child, url }
  }

  /** Kills the dashboard; resolves when another one is there in its place. */
  async restartWeb(): Promise<void> {
    await kill(this.webProcess)
    this.#web = await this.web([], Number(new URL(this.url).port))
  }

  /** A browser profile of its own: storage, cookies and locks are not shared with others. */
  async context(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    })
    context.setDefaultTimeout(15_000)
    this.#contexts.push(context)
    context.on('page', (page) => this.#watch(page))
    return context
  }

  /** Opens `#/jobs?q=…` and the like. */
  async page(hash = '', context?: BrowserContext, url = this.url): Promise<Page> {
    const page = await (context ?? (await this.context())).newPage()
    await page.goto(`${url}${hash === '' ? '' : `#/${hash}`}`)
    return page
  }

  #watch(page: Page): void {
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`))
    page.on('console', (message) => {
      const text = message.text()
      if (/Content.Security.Policy|TrustedHTML|TrustedScript/i.test(text)) {
        this.complaints.push(`policy: ${text}`)
      }
    })
    page.on('request', (request) => {
      const { hostname, protocol } = new URL(request.url())
      const isOwn = hostname === '127.0.0.1' || protocol === 'blob:' || protocol === 'data:'
      if (!isOwn) this.complaints.push(`a request to ${request.url()}`)
    })
  }

  /** What the API answers; throws for a problem. */
  async api<T>(path: string, body?: object): Promise<T> {
    const response = await this.ask(path, body)
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
    return (await response.json()) as T
  }

  /** A request as a page of the dashboard itself would make it. */
  ask(path: string, body?: object): Promise<Response> {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    return fetch(`${this.url}api/v1/${path}`, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  }

  /** A file that is not there yet; phases can wait for it. */
  flag(): { readonly path: string; raise(): void } {
    const path = join(this.processes.folder, randomUUID())
    return { path, raise: () => writeFileSync(path, '') }
  }

  /** Executions of the phase `charge`, by job. */
  charged(): Map<string, number> {
    const counts = new Map<string, number>()
    if (!existsSync(this.processes.ledger)) return counts
    for (const line of readFileSync(this.processes.ledger, 'utf8').split('\n')) {
      if (line === '') continue
      const { jobId } = JSON.parse(line) as { jobId: string }
      counts.set(jobId, (counts.get(jobId) ?? 0) + 1)
    }
    return counts
  }

  /** Line of the pipeline's file, from 1, on which a text is first. */
  lineOf(text: string): number {
    const lines = readFileSync(livelyFile, 'utf8').split('\n')
    return 1 + lines.findIndex((line) => line.includes(text))
  }

  async closePages(): Promise<void> {
    const contexts = this.#contexts
    this.#contexts = []
    for (const context of contexts) await context.close()
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await this.processes.close()
  }
}

let lastOrder = 0

/** So many orders, numbered on; with ids of your own if `idPrefix` is given. */
export function orders(count: number, more: object = {}, idPrefix?: string) {
  return Array.from({ length: count }, (_, at) => ({
    name: 'orders' as never,
    instructions: { orderNumber: ++lastOrder, ...more } as never,
    ...(idPrefix === undefined ? {} : { id: `${idPrefix}${at}` }),
  }))
}

/** A token as it is configured, and the secret that a person types. */
export function token(name: string, role: string): { secret: string; configured: string } {
  const secret = `secret-of-${name}-${randomUUID()}`
  const hash = createHash('sha256').update(secret).digest('hex')
  return { secret, configured: `${name}:${role}:${hash}` }
}
