/** A manager and workers in processes of their own, and a dashboard that is asked over HTTP as anybody would. */
import { request as httpRequest } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { hashOfSecret } from '../../src/dashboard/access.ts'
import type { Problem } from '../../src/dashboard/api-types.ts'
import { startDashboard, type Dashboard } from '../../src/dashboard/dashboard.ts'
import { createLogger, type LogFields } from '../../src/runtime/logger.ts'
import { Bench } from '../e2e/processes.ts'
import { until } from '../wait.ts'

export const shownFile = fileURLToPath(new URL('shown-pipeline.mjs', import.meta.url))

export type Role = 'read' | 'operate' | 'admin'

/** What each role says to be let in. */
export function secretOf(role: Role): string {
  return `secret of ${role}`.replaceAll(' ', '-')
}

export const tokens = (['read', 'operate', 'admin'] as const).map(
  (role) => `${role}-person:${role}:${hashOfSecret(secretOf(role)).toString('hex')}`,
)

export interface Asked {
  readonly token?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered<T> {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: T
}

export class DashboardBench {
  readonly bench: Bench
  readonly dashboard: Dashboard
  readonly client: PipelineClient
  /** Errors that the dashboard has written into its log. */
  readonly errors: readonly LogFields[]

  static async open(
    more: { tokens?: readonly string[]; workers?: Readonly<Record<string, number>> } = {},
  ): Promise<DashboardBench> {
    const bench = await Bench.open()
    bench.manager(shownFile)
    const client = await bench.client()
    const { workers = { talk: 1, finish: 1 } } = more
    for (const [jobType, count] of Object.entries(workers)) {
      for (let at = 0; at < count; at += 1) startWorker(bench, jobType)
    }
    const errors: LogFields[] = []
    const logger = createLogger({
      write(level, message, fields) {
        if (level === 'error') errors.push({ message, ...fields })
      },
    })
    const dashboard = await startDashboard({
      ...{ addresses: [bench.router], host: '127.0.0.1', port: 0, version: '1.2.3', logger },
      ...(more.tokens === undefined ? {} : { tokens: more.tokens }),
    })
    await bench.workersReady(client, workers)
    const own = new DashboardBench({ bench, dashboard, client, errors })
    await own.live()
    return own
  }

  private constructor(parts: {
    bench: Bench
    dashboard: Dashboard
    client: PipelineClient
    errors: readonly LogFields[]
  }) {
    this.bench = parts.bench
    this.dashboard = parts.dashboard
    this.client = parts.client
    this.errors = parts.errors
  }

  async live(): Promise<void> {
    await until(async () => (await this.call('GET', '/readyz', {}, '')).status === 200, {
      ...{ what: 'the dashboard hears the manager', timeoutMs: 10_000 },
    })
  }

  /** As a page of the dashboard would, unless the headers say otherwise. */
  call<T = Problem>(
    method: string,
    path: string,
    { token, body, headers = {} }: Asked = {},
    base = '/api/v1',
  ): Promise<Answered<T>> {
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
    const sent = method === 'POST' ? text : undefined
    const all = {
      ...{ 'sec-fetch-site': 'same-origin' },
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    }
    return ask(this.dashboard.port, { method, path: `${base}${path}`, headers: all, body: sent })
  }

  async get<T>(path: string): Promise<T> {
    const { status, json, text } = await this.call<T>('GET', path)
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`)
    return json
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const { status, json, text } = await this.call<T>('POST', path, { body })
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`)
    return json
  }

  async enqueue(instructions: object, id?: string): Promise<string> {
    const answer = await this.post<{ id: string }>('/pipelines/shown/jobs', {
      ...{ instructions, ...(id === undefined ? {} : { id }) },
    })
    return answer.id
  }

  async close(): Promise<void> {
    await this.dashboard.stop()
    await this.bench.close()
  }
}

export function startWorker(bench: Bench, jobType: string) {
  const links = ['--push-connect', bench.pull, '--pub-connect', bench.address(2)]
  return bench.start(['phase', shownFile, jobType, ...links])
}

/** With node:http, which sends every header as it is told to, also Host. */
export function ask<T>(
  port: number,
  {
    body,
    ...options
  }: { method: string; path: string; headers: object; body?: string | undefined },
): Promise<Answered<T>> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, ...options } as never, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8')
        const isJson = /json/.test(response.headers['content-type'] ?? '')
        const json = (isJson && text !== '' ? JSON.parse(text) : undefined) as T
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Server-sent events, as they come. */
export class EventReader {
  readonly events: { readonly name: string; readonly data: unknown }[] = []
  pings = 0
  isEnded = false
  readonly #request

  constructor(port: number, path: string, headers: Readonly<Record<string, string>> = {}) {
    this.#request = httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
      let rest = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        const blocks = `${rest}${text}`.split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      })
      response.on('close', () => (this.isEnded = true))
    })
    this.#request.on('error', () => (this.isEnded = true))
    this.#request.end()
  }

  all<T>(name: string): readonly T[] {
    return this.events.filter((event) => event.name === name).map(({ data }) => data as T)
  }

  close(): void {
    this.#request.destroy()
  }

  #take(block: string): void {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
    if (name === undefined || data === undefined) this.pings += 1
    else this.events.push({ name, data: JSON.parse(data) as unknown })
  }
}
