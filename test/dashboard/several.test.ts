/** Several pipelines, of which one is divided among two managers: to the dashboard they are one list. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as api from '../../src/dashboard/api-types.ts'
import { startDashboard, type Dashboard } from '../../src/dashboard/dashboard.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { Bench } from '../e2e/processes.ts'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'
import { until } from '../wait.ts'
import { ask, shownFile } from './dashboard-bench.ts'

const sharedFile = fileURLToPath(new URL('../e2e/shared-store-pipeline.mjs', import.meta.url))
const missing = redisMissing()

describe.skipIf(missing !== undefined)(`several${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  let server: RedisServer
  let benches: readonly Bench[]
  let dashboard: Dashboard

  beforeAll(async () => {
    server = await RedisServer.start()
    benches = [await Bench.open(), await Bench.open(), await Bench.open()]
    const [first, second, third] = benches as [Bench, Bench, Bench]
    for (const bench of [first, second]) {
      const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2), '--shards', '4']
      bench.start(['pipeline', sharedFile, ...doors], { STORE_URL: server.uri })
    }
    third.manager(shownFile)
    dashboard = await startDashboard({
      ...{
        addresses: [`${first.router},${second.router}`, third.router],
        host: '127.0.0.1',
        port: 0,
      },
      ...{ version: '1', logger: createLogger({ write: () => undefined }) },
    })
    await until(
      async () => {
        const { pipelines } = await get<api.Snapshot>('/overview')
        const ledger = pipelines.find(({ name }) => name === 'ledger')
        const shares = ledger?.managers.map(({ shards }) => shards.length)
        return String(shares) === '2,2' && pipelines.length === 2
      },
      { what: 'each manager has two shards', timeoutMs: 40_000 },
    )
  }, 90_000)

  afterAll(async () => {
    await dashboard.stop()
    for (const bench of benches) await bench.close()
    await server.stop()
  })

  async function get<T>(path: string): Promise<T> {
    const asked = { method: 'GET', path: `/api/v1${path}`, headers: {} }
    return (await ask<T>(dashboard.port, asked)).json
  }

  async function enqueue(pipeline: string, n: number, id?: string): Promise<string> {
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'none' }
    const path = `/api/v1/pipelines/${pipeline}/jobs`
    const body = JSON.stringify({ instructions: { n, even: n % 2 === 0 }, id })
    const answer = await ask<api.EnqueueAnswer>(dashboard.port, {
      method: 'POST',
      path,
      headers,
      body,
    })
    return answer.json.id
  }

  it('are listed as one, newest first, page by page, with one count', async () => {
    const ids: string[] = []
    for (let n = 0; n < 40; n += 1) ids.push(await enqueue(n % 3 === 0 ? 'shown' : 'ledger', n))
    const all: api.JobRow[] = []
    let page = await get<api.JobPage>('/jobs?limit=7')
    expect([page.count, page.more]).toEqual([40, false])
    for (;;) {
      all.push(...page.jobs)
      if (page.next === undefined) break
      page = await get<api.JobPage>(`/jobs?limit=7&after=${page.next}`)
      expect(page.count).toBe(40)
    }
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set(ids))
    expect(all).toHaveLength(40)
    const times = all.map(({ enqueuedMs }) => enqueuedMs)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
  })

  it('are searched as one, by a phase that only one has and by a value', async () => {
    const finish = await get<api.JobPage>('/jobs?q=phase:work&limit=100')
    expect(new Set(finish.jobs.map(({ pipeline }) => pipeline))).toEqual(new Set(['ledger']))
    const even = await get<api.JobPage>('/jobs?q=even%3Dtrue&limit=100')
    expect(even.jobs).toHaveLength(20)
    const [some] = finish.jobs
    const found = await get<api.JobPage>(`/jobs?q=id:${some?.id ?? ''}`)
    expect(found.jobs.map(({ pipeline }) => pipeline)).toEqual(['ledger'])
  })

  it('are all looked into for an id, which more than one may have', async () => {
    for (const id of ['twin', 'twin-2']) await enqueue('ledger', 1, id)
    await enqueue('shown', 1, 'twin')
    const { jobs, count } = await get<api.JobPage>('/jobs?q=id:twin')
    expect(jobs.map(({ pipeline, id }) => `${pipeline} ${id}`).toSorted()).toEqual([
      ...['ledger twin', 'shown twin'],
    ])
    expect(count).toBe(2)
    const one = await get<api.JobPage>('/jobs?q=id:twin%20pipeline:shown')
    expect(one.jobs.map(({ pipeline }) => pipeline)).toEqual(['shown'])
  })
})
