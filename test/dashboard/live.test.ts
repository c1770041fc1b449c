/** What is live: the stream and its limits, logs, and a manager that goes and comes again. */
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as api from '../../src/dashboard/api-types.ts'
import { StreamClient } from '../../src/dashboard/event-stream.ts'
import { startDashboard } from '../../src/dashboard/dashboard.ts'
import { LogLines } from '../../src/dashboard/log-lines.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { Bench } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { ask, DashboardBench, EventReader, shownFile } from './dashboard-bench.ts'

describe('the stream', () => {
  let own: DashboardBench

  beforeAll(async () => {
    own = await DashboardBench.open()
  }, 60_000)

  afterAll(() => own.close())

  const open = (query: string) => new EventReader(own.dashboard.port, `/api/v1/stream?${query}`)

  it('sends a snapshot at once, then one a second, and how many jobs have come', async () => {
    const reader = open('topics=snapshot')
    await until(() => reader.all('snapshot').length >= 3, { what: 'three snapshots came' })
    for (let n = 0; n < 3; n += 1) await own.enqueue({ n })
    const count = () => reader.all<api.JobsArrived>('jobs').reduce((sum, one) => sum + one.count, 0)
    await until(() => count() === 3, { what: 'three jobs are told of' })
    const times = reader.all<api.Snapshot>('snapshot').map(({ atMs }) => atMs)
    const gaps = times.slice(1).map((atMs, at) => atMs - Number(times[at]))
    expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(900)
    reader.close()
  }, 20_000)

  it('sends the lines of logs that were asked for, and the progress of who runs', async () => {
    const [all, few] = [open('topics=logs,snapshot'), open('topics=logs&text=LINE%202')]
    const gate = join(own.bench.folder, 'log-gate')
    // What is published before the subscription has arrived is not seen: so more than one job.
    const lines = (reader: EventReader) =>
      reader.all<api.LogBatch>('logs').flatMap((batch) => batch.lines)
    await until(() => all.all('logs').length > 0, { what: 'lines will come' })
    expect(all.all('logs')).toEqual([{ lines: [], dropped: 0 }])
    await until(
      async () => {
        await own.enqueue({ n: 1, lines: 3 })
        return lines(all).length > 0 && lines(few).length > 0
      },
      { what: 'lines come', timeoutMs: 20_000 },
    )
    expect(lines(all)[0]).toMatchObject({ pipeline: 'shown', phase: 'talk', level: 'info' })
    expect(new Set(lines(few).map(({ message }) => message))).toEqual(new Set(['line 2']))
    const kept = await own.get<api.LogLines>('/logs?limit=1')
    expect(kept.lines).toHaveLength(1)
    expect((await own.get<api.LogLines>('/logs?pipeline=other')).lines).toEqual([])
    await own.enqueue({ n: 1, waitsFor: gate })
    const progress = () =>
      all
        .all<api.Snapshot>('snapshot')
        .at(-1)
        ?.workers.flatMap(({ jobs }) => jobs)[0]?.progress
    await until(() => progress()?.note === 'half', { what: 'progress comes', timeoutMs: 10_000 })
    writeFileSync(gate, '')
    all.close()
    few.close()
  }, 60_000)

  it('drops lines of a flood, and says how many', async () => {
    const reader = open('topics=logs')
    const batches = () => reader.all<api.LogBatch>('logs')
    await until(
      async () => {
        await own.enqueue({ n: 1 })
        return batches().length > 1
      },
      { what: 'lines come', timeoutMs: 20_000 },
    )
    const before = batches().length
    const id = await own.enqueue({ n: 1, lines: 5_000 })
    await until(() => batches().some(({ lines }) => lines.at(-1)?.message === 'line 4999'), {
      ...{ what: 'the last line came', timeoutMs: 20_000 },
    })
    const ours = batches().slice(before)
    const dropped = ours.reduce((sum, batch) => sum + batch.dropped, 0)
    const sent = ours.flatMap(({ lines }) => lines).filter(({ jobId }) => jobId === id)
    expect(dropped).toBeGreaterThan(0)
    expect(sent.length + dropped).toBeGreaterThanOrEqual(5_000)
    expect(Math.max(...ours.map(({ lines }) => lines.length))).toBeLessThanOrEqual(100)
    reader.close()
  }, 60_000)

  it('is no stream for who wants its head alone: nobody would end it', async () => {
    expect((await own.call('HEAD', '/stream')).status).toBe(405)
  })

  it.each(['topics=everything', 'topics=logs&level=loud'])('refuses %s', async (query) => {
    expect((await own.call('GET', `/stream?${query}`)).status).toBe(400)
  })
})

describe('the lines that are kept', () => {
  const take = (logs: LogLines, level: string, count: number, pipeline = 'shown') => {
    for (let n = 0; n < count; n += 1) {
      const fields = { level, message: `${level} ${n}`, phase: 'talk', jobId: 'x' }
      logs.take(pipeline, { topic: 'job.log', source: 'box1', atMs: n, fields } as never)
    }
  }
  const numbersOf = (lines: readonly api.LogLine[]) => lines.map(({ number }) => number)

  it('are those that are severe also after a flood of others, in one order', () => {
    const logs = new LogLines(0)
    take(logs, 'error', 3)
    take(logs, 'info', 500)
    take(logs, 'warn', 2)
    take(logs, 'info', 400)
    expect(logs.newest({}, 1_000)).toHaveLength(905)
    expect(numbersOf(logs.newest({}, 1_000))).toEqual(Array.from({ length: 905 }, (_, n) => n + 1))
    take(logs, 'debug', 5_000)
    expect(logs.newest({ level: 'error' }, 1_000).map(({ message }) => message)).toEqual([
      ...['error 0', 'error 1', 'error 2'],
    ])
    expect(logs.newest({ level: 'warn' }, 4)).toHaveLength(4)
    const newest = numbersOf(logs.newest({}, 1_000))
    expect([newest.length, newest.at(-1)]).toEqual([1_000, 5_905])
    take(logs, 'error', 5_000)
    expect(logs.newest({ level: 'warn' }, 5_000)).toHaveLength(1_000)
  })

  it('can be had of one pipeline', () => {
    const logs = new LogLines(0)
    take(logs, 'info', 2, 'one')
    take(logs, 'info', 3, 'other')
    expect(logs.newest({ pipeline: 'one' }, 10)).toHaveLength(2)
  })

  it('are sent with those that are severe, whatever has to be left out', async () => {
    const logs = new LogLines(0)
    const batches: api.LogBatch[] = []
    const stop = logs.follow({}, (batch) => batches.push(batch))
    take(logs, 'error', 60)
    take(logs, 'info', 1_000)
    await until(() => batches.length > 0, { what: 'a batch came' })
    stop()
    const [{ lines, dropped }] = batches as [api.LogBatch]
    expect([lines.length, dropped]).toEqual([100, 960])
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(60)
    expect(lines.at(-1)?.message).toBe('info 999')
    expect(numbersOf(lines)).toEqual(numbersOf(lines).toSorted((a, b) => a - b))
  })
})

describe('a client that reads too slowly', () => {
  it('loses what is queued for it and is told so, and the queue never grows beyond its limit', async () => {
    const client = new StreamClient({ topics: new Set(['snapshot']), onClosed: () => undefined })
    const event = new TextEncoder().encode(`event: snapshot\ndata: ${'x'.repeat(50_000)}\n\n`)
    for (let sent = 0; sent < 1_000; sent += 1) {
      client.send(event)
      expect(client.queuedBytes).toBeLessThanOrEqual(2 * 1024 * 1024)
    }
    expect(client.dropped).toBeGreaterThan(900)
    const reader = client.body.getReader()
    let text = ''
    while (!text.includes('event: resync')) {
      const { value } = await reader.read()
      text += Buffer.from(value ?? []).toString('utf8')
    }
    expect(text.length).toBeLessThan(3 * 1024 * 1024)
    await reader.cancel()
  })
})

describe('a manager that is away', () => {
  it('is waited for; then it is "reconnecting" with the last figures, and live again', async () => {
    const bench = await Bench.open()
    const logger = createLogger({ write: () => undefined })
    const dashboard = await startDashboard({
      ...{ addresses: [bench.router], host: '127.0.0.1', port: 0, version: '1', logger },
    })
    const get = <T>(path: string) => ask<T>(dashboard.port, { method: 'GET', path, headers: {} })
    const view = async () => {
      return (await get<api.Snapshot>('/api/v1/overview')).json.pipelines[0]
    }
    try {
      expect((await get('/readyz')).status).toBe(503)
      expect((await get('/healthz')).status).toBe(200)
      expect((await get<api.Problem>('/api/v1/jobs')).json.code).toBe('CT_UNREACHABLE')
      expect(await view()).toBeUndefined()

      const manager = bench.manager(shownFile)
      const isLive = async () => (await view())?.state === 'live'
      await until(isLive, { what: 'the manager is found', timeoutMs: 20_000 })
      const client = await bench.client()
      await client.enqueueJob({ name: 'shown' as never, instructions: { n: 1 } as never })
      const waits = async () => (await view())?.phases[0]?.waiting === 1
      await until(waits, { what: 'the job is seen' })

      manager.kill('SIGKILL')
      const isAway = async () => (await view())?.state === 'reconnecting'
      await until(isAway, { what: 'it is away', timeoutMs: 10_000 })
      expect((await view())?.phases[0]?.waiting).toBe(1)
      expect((await get<api.Problem>('/api/v1/jobs')).status).toBe(503)
      expect((await get('/readyz')).status).toBe(503)

      bench.manager(shownFile)
      await until(isLive, { what: 'it is back', timeoutMs: 30_000 })
      expect((await view())?.phases[0]).toMatchObject({ waiting: 1, trouble: 'noWorkers' })
    } finally {
      await dashboard.stop()
      await bench.close()
    }
  }, 90_000)
})

describe('a pipeline without a manager', () => {
  it('takes nothing of the others away, and is named as missing', async () => {
    const [bench, other] = [await Bench.open(), await Bench.open()]
    const logger = createLogger({ write: () => undefined })
    const dashboard = await startDashboard({
      ...{
        addresses: [bench.router, other.router],
        host: '127.0.0.1',
        port: 0,
        version: '1',
        logger,
      },
    })
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'none' }
    const call = <T>(method: string, path: string, body?: string) =>
      ask<T>(dashboard.port, { method, path: `/api/v1${path}`, headers, body })
    const missing = [other.router]
    try {
      const pause = '/pipelines/shown/pause'
      const early = await call<api.Problem>('POST', pause, '{}')
      expect([early.status, early.json.code]).toEqual([503, 'CT_UNREACHABLE'])
      bench.manager(shownFile)
      const job = JSON.stringify({ instructions: { n: 1 }, id: 'here' })
      await until(async () => (await call('POST', '/pipelines/shown/jobs', job)).status === 201, {
        what: 'the manager is found',
        timeoutMs: 20_000,
      })
      for (const q of ['', 'id:here', 'id:he', 'n=1', 'phase:talk', 'age<1h']) {
        const { json } = await call<api.JobPage>('GET', `/jobs?q=${encodeURIComponent(q)}`)
        expect([q, json.jobs?.map(({ id }) => id), json.missing]).toEqual([q, ['here'], missing])
      }
      const running = await call<api.JobPage>('GET', '/jobs?q=state:running')
      expect(running.json).toMatchObject({ jobs: [], missing })
      const dead = await call<api.DeadGroups>('GET', '/dead')
      expect(dead.json).toMatchObject({ groups: [], missing })
      const named = await call<api.JobPage>('GET', '/jobs?q=pipeline:shown')
      expect([named.json.jobs.length, named.json.missing]).toEqual([1, undefined])

      // Which pipeline the other one has is not known yet: neither has it been ruled out.
      const unknown = await call<api.Problem>('POST', '/pipelines/ledger/pause', '{}')
      expect([unknown.status, unknown.json.code]).toEqual([503, 'CT_UNREACHABLE'])
      expect(unknown.json.detail).toContain(other.router)
      expect((await call('GET', '/jobs?q=phase:none')).status).toBe(503)
    } finally {
      await dashboard.stop()
      await bench.close()
      await other.close()
    }
  }, 60_000)
})
