/** What the API answers of a pipeline that works, and that its document says the same. */
import { Ajv } from 'ajv'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as api from '../../src/dashboard/api-types.ts'
import { apiSchemas } from '../../src/dashboard/api-schemas.generated.ts'
import { jobRoutes } from '../../src/dashboard/job-routes.ts'
import { routeNames, routes, type Route } from '../../src/dashboard/routes.ts'
import { kill } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { DashboardBench, startWorker } from './dashboard-bench.ts'

let own: DashboardBench

beforeAll(async () => {
  own = await DashboardBench.open()
}, 60_000)

afterAll(() => own.close())

const jobPath = (id: string) => `/pipelines/shown/jobs/${encodeURIComponent(id)}`
const find = (q: string, more = '') =>
  own.get<api.JobPage>(`/jobs?q=${encodeURIComponent(q)}${more}`)
const settled = (id: string) => own.get<api.JobDetail>(`${jobPath(id)}/wait?timeout=20`)
const idsOf = ({ jobs }: api.JobPage) => jobs.map(({ id }) => id)

describe('the document', () => {
  const ajv = new Ajv({ strict: false })
  ajv.addSchema({ $id: 'api', definitions: apiSchemas })
  const misfit = (type: string, value: unknown) => {
    const check = ajv.compile({ $ref: `api#/definitions/${type}` })
    return check(value) ? '' : ajv.errorsText(check.errors)
  }

  it('has each route that is registered, and only those', async () => {
    const document = await own.get<{ paths: Record<string, object>; components: object }>(
      '/openapi.json',
    )
    const inDocument = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const inTable = routeNames.map((name) => `${routes[name].method} /api/v1${routes[name].path}`)
    expect(inDocument.toSorted()).toEqual(inTable.toSorted())
    const allowed = new Map<string, string[]>()
    for (const line of inDocument) {
      const [method = '', path = ''] = line.split(' ')
      allowed.set(path, [...(allowed.get(path) ?? []), method])
    }
    for (const [path, methods] of allowed) {
      const { headers, status } = await own.call('PATCH', path.replaceAll(/\{\w+\}/g, 'x'), {}, '')
      expect([status, String(headers['allow']).split(', ').toSorted()], path).toEqual([
        ...[405, methods.toSorted()],
      ])
    }
    const refs = JSON.stringify(document).match(/"#\/[^"]+"/g) ?? []
    const names = Object.keys(apiSchemas).map((name) => `"#/components/schemas/${name}"`)
    expect(refs.filter((ref) => !names.includes(ref))).toEqual([])
  })

  it('says what each GET answers, also of an error', async () => {
    const id = await own.enqueue({ n: 1, does: 'reject' })
    await settled(id)
    const operation = await own.post<api.Operation>('/operations', {
      ...{ action: 'retry', pipeline: 'shown', ids: [id] },
    })
    const gets = routeNames.map((name): Route => routes[name]).filter((one) => one.method === 'GET')
    const typed = gets.filter(({ response }) => response !== undefined)
    for (const { path, response = '' } of typed) {
      const given = path
        .replace('{pipeline}', 'shown')
        .replace('{id}', path.startsWith('/operations') ? operation.id : id)
      expect(misfit(response, await own.get(given)), path).toBe('')
    }
    for (const path of ['/jobs?q=nothing', '/pipelines/none', '/nothing', '/history?span=1d']) {
      expect(misfit('Problem', (await own.call('GET', path)).json), path).toBe('')
    }
  })
})

describe('the overview', () => {
  it('has what the jobs of a pipeline came to, phase by phase', async () => {
    const before = await own.get<api.Snapshot>('/overview')
    const ids: string[] = []
    for (let n = 0; n < 20; n += 1) ids.push(await own.enqueue({ n }))
    for (const id of ids) await settled(id)
    const doneBefore = before.pipelines[0]?.settled.done ?? 0
    const { pipelines, workers } = await until(
      async () => {
        const now = await own.get<api.Snapshot>('/overview')
        return now.pipelines[0]?.settled.done === doneBefore + 20 ? now : undefined
      },
      { what: 'the snapshot has the new figures' },
    )
    const [shown] = pipelines
    expect(shown).toMatchObject({ name: 'shown', state: 'live', paused: false, verdict: '' })
    expect(shown?.inPerSecond).toBeGreaterThan(0)
    expect(shown?.phases.map(({ jobType }) => jobType)).toEqual(['talk', 'finish'])
    expect(shown?.phases[0]).toMatchObject({ waiting: 0, workers: 1, slots: 1, slotsFree: 1 })
    expect(shown?.phases[0]?.duration.p95Ms).toBeGreaterThan(0)
    const states = workers.map(({ phase, state }) => `${phase} ${state}`)
    expect(new Set(states)).toEqual(new Set(['finish ready', 'talk ready']))
    expect(workers.every(({ pid, host }) => pid > 0 && host !== '')).toBe(true)
  }, 30_000)

  it('says that a paused phase is, and its jobs wait; resume takes it back', async () => {
    await own.post('/pipelines/shown/pause', { phase: 'finish' })
    const id = await own.enqueue({ n: 1 })
    const view = await until(
      async () => {
        const [shown] = (await own.get<api.Snapshot>('/overview')).pipelines
        return shown?.phases[1]?.waiting === 1 ? shown : undefined
      },
      { what: 'the job waits' },
    )
    expect(view.phases[1]).toMatchObject({ paused: true, trouble: 'paused' })
    expect(view.phases[1]?.oldestMs).toBeGreaterThan(0)
    expect(view.verdict).toBe('"finish" is paused; 1 job waits.')
    await own.post('/pipelines/shown/resume', { phase: 'finish' })
    expect((await settled(id)).job.state).toBe('done')
  }, 30_000)

  it('shows a worker that was killed as lost, with what went back to the queue', async () => {
    const other = startWorker(own.bench, 'talk')
    await own.bench.workersReady(own.client, { talk: 2, finish: 1 })
    const gate = join(own.bench.folder, 'lost-gate')
    const ids = [
      await own.enqueue({ n: 1, waitsFor: gate }),
      await own.enqueue({ n: 2, waitsFor: gate }),
    ]
    const snapshot = () => own.get<api.Snapshot>('/overview')
    await until(
      async () => (await snapshot()).workers.filter(({ jobs }) => jobs[0]?.startedMs).length === 2,
      { what: 'both workers are seen to run a job' },
    )
    await kill(other)
    const lost = await until(
      async () => (await snapshot()).workers.find(({ state }) => state === 'lost'),
      { what: 'the worker is lost', timeoutMs: 15_000 },
    )
    expect(lost.pid).toBe(other.pid)
    expect(lost.lostCause).not.toBe('')
    expect(lost.released).toHaveLength(1)
    expect(ids).toContain(lost.released?.[0])
    writeFileSync(gate, '')
    for (const id of ids) expect((await settled(id)).job.state).toBe('done')
  }, 40_000)
})

describe('a job', () => {
  it('has a history, and says which phase has set what', async () => {
    const id = await own.enqueue({ n: 1, title: 'x' })
    const detail = await settled(id)
    expect(detail.inputKeys).toEqual(['n', 'title'])
    expect(detail.merged.map(({ phase, keys }) => [phase, keys])).toEqual([
      ['talk', ['talked']],
      ['finish', ['finished']],
    ])
    expect(detail.attempts.map(({ phase, outcome }) => [phase, outcome])).toEqual([
      ['talk', 'done'],
      ['finish', 'done'],
    ])
    expect(JSON.parse(detail.instructions.text)).toEqual({
      ...{ n: 1, title: 'x', talked: true, finished: true },
    })
  })

  it('is cut at 64 KiB, and can be had as a whole', async () => {
    const id = await own.enqueue({ n: 1, text: '€'.repeat(50_000) })
    const { instructions } = await settled(id)
    expect(instructions).toMatchObject({ isCut: true })
    expect(instructions.bytes).toBeGreaterThan(150_000)
    expect(Buffer.byteLength(instructions.text)).toBeLessThanOrEqual(65_536)
    expect(instructions.text).not.toContain('\uFFFD')
    const { text, headers } = await own.call('GET', `${jobPath(id)}/instructions`)
    expect((JSON.parse(text) as { text: string }).text).toHaveLength(50_000)
    expect(headers['content-disposition']).toContain('attachment')
  })

  it('shows bytes as base64, and large numbers as text; what is cut begins as the whole does', async () => {
    const instructions = {
      n: 1,
      some: new Uint8Array([1, 2, 255]),
      in: [Buffer.from('a'), 2n ** 60n],
    }
    const large = {
      a: 1,
      list: Array.from({ length: 9_000 }, (_, n) => [n, `"€${n}`]),
      ...instructions,
    }
    const raw = { n: 1, title: '€', raw: new Uint8Array(100_000).fill(7), last: true }
    const jobs = [instructions, large, raw].map((one) => ({
      name: 'shown' as never,
      instructions: one as never,
    }))
    const ids = (await own.client.enqueueJobs(jobs)).map(({ job }) => job.id)
    const shown = []
    for (const id of ids) {
      const { instructions: payload } = await settled(id)
      const { text } = await own.call('GET', `${jobPath(id)}/instructions`)
      shown.push(payload)
      if (payload.isCut) expect(text.startsWith(payload.text)).toBe(true)
      else expect(payload).toEqual({ text, isCut: false, bytes: Buffer.byteLength(text) })
    }
    expect(shown.map(({ isCut }) => isCut)).toEqual([false, true, true])
    expect(JSON.parse(shown[0]?.text ?? '')).toMatchObject({
      ...{ some: { base64: 'AQL/' }, in: [{ base64: 'YQ==' }, String(2n ** 60n)] },
    })
    for (const { text } of shown.slice(1)) expect(Buffer.byteLength(text)).toBeGreaterThan(65_530)
  })

  it('is not looked at any more for who has given up to wait for it', async () => {
    const asked: string[] = []
    const client = {
      waitForJobs: () => new Promise(() => asked.push('wait')),
      getJob: () => asked.push('get'),
    }
    const { waitForJob } = jobRoutes({ pipelines: { named: () => ({ client }) } } as never)
    const params = { pipeline: 'shown', id: 'x' }
    const call = async (signal: AbortSignal) =>
      waitForJob({ params, query: new URLSearchParams(), signal } as never)
    const gone = new AbortController()
    const answers = [call(gone.signal), call(AbortSignal.abort())]
    gone.abort()
    for (const answer of await Promise.all(answers)) expect(answer).toBeInstanceOf(Response)
    expect(asked).toEqual(['wait', 'wait'])
  })

  it('is not stored when the schema of the pipeline refuses it, which says what of which field', async () => {
    const { status, json } = await own.call('POST', '/pipelines/shown/jobs', {
      body: { instructions: { n: 'one' } },
    })
    expect([status, json.code]).toEqual([422, 'CT_INVALID_JOB'])
    expect(json.issues?.[0]?.path).toBe('n')
  })

  it('is told from another one of the same id', async () => {
    await own.enqueue({ n: 1 }, 'mine')
    const again = { instructions: { n: 1 }, id: 'mine' }
    const answer = await own.post<api.EnqueueAnswer>('/pipelines/shown/jobs', again)
    expect(answer.outcome).toBe('duplicate')
    const other = { instructions: { n: 2 }, id: 'mine' }
    const { status, json } = await own.call('POST', '/pipelines/shown/jobs', { body: other })
    expect([status, json.code]).toEqual([409, 'CT_CONFLICT'])
  })

  it('that died is done again as a new job, with other instructions, or discarded', async () => {
    const id = await own.enqueue({ n: 1, does: 'reject' })
    expect((await settled(id)).job).toMatchObject({ state: 'dead', deathReason: 'rejected' })
    const body = { instructions: { does: 'nothing' } }
    const retried = await own.post<api.EnqueueAnswer>(`${jobPath(id)}/retry`, body)
    expect((await settled(retried.id)).job).toMatchObject({ state: 'done', replayOf: id })
    expect((await own.call('DELETE', jobPath(id))).status).toBe(204)
    expect((await own.call('GET', jobPath(id))).json.code).toBe('CT_JOB_NOT_FOUND')
    expect((await own.call('DELETE', jobPath(retried.id))).status).toBe(409)
  })

  it('that runs is cancelled; waiting for one that does not end is 202', async () => {
    const id = await own.enqueue({ n: 1, waitsFor: '/nothing/that/comes' })
    expect((await own.call('GET', `${jobPath(id)}/wait?timeout=1`)).status).toBe(202)
    const running = await find('state:running')
    expect(idsOf(running)).toEqual([id])
    expect(idsOf(await find(`worker:${running.jobs[0]?.worker ?? ''}`))).toEqual([id])
    const cancelled = await own.post<api.OutcomeAnswer>(`${jobPath(id)}/cancel`, {})
    expect(cancelled.outcome).toBe('cancelled')
    expect((await settled(id)).job.state).toBe('cancelled')
  })
})

describe('the list of jobs', () => {
  it('is paged, newest first, without a gap and without one twice', async () => {
    const ids: string[] = []
    for (let n = 0; n < 25; n += 1) ids.push(await own.enqueue({ n, batch: { name: 'paged' } }))
    const all: string[] = []
    let page = await find('batch.name=paged', '&limit=10')
    for (;;) {
      all.push(...idsOf(page))
      if (page.next === undefined) break
      page = await find('batch.name=paged', `&limit=10&after=${page.next}`)
    }
    expect(all).toEqual(ids.toReversed())
  })

  it('is complete over pages of jobs that came in the same moment', async () => {
    const jobs = Array.from({ length: 230 }, (_, n) => ({
      name: 'shown' as never,
      instructions: { n, lines: 0, tag: 'moment' } as never,
    }))
    const ids = (await own.client.enqueueJobs(jobs)).map(({ job }) => job.id)
    const all: string[] = []
    let page = await find('age<1h', '&limit=70')
    for (;;) {
      all.push(...idsOf(page).filter((id) => ids.includes(id)))
      if (page.next === undefined) break
      page = await find('age<1h', `&limit=70&after=${page.next}`)
    }
    expect(all).toEqual(ids.toReversed())
  })

  it('goes on at its place when the last row of a page is gone', async () => {
    for (let n = 0; n < 6; n += 1)
      await settled(await own.enqueue({ n, does: 'reject', why: 'gone' }))
    const first = await find('error:gone', '&limit=3')
    const [all, last] = [await find('error:gone'), first.jobs.at(-1)?.id ?? '']
    expect(first.count).toBe(6)
    await own.call('DELETE', jobPath(last))
    const second = await find('error:gone', `&limit=3&after=${first.next ?? ''}`)
    expect([...idsOf(first), ...idsOf(second)]).toEqual(idsOf(all))
  })

  it('finds an id, also by how it begins', async () => {
    const id = await own.enqueue({ n: 1 }, 'to-be-found-1')
    expect(idsOf(await find(`id:${id}`))).toEqual([id])
    expect(idsOf(await find('id:to-be-f'))).toEqual([id])
    expect(idsOf(await find('age<1h id:to-be-f'))).toEqual([id])
    expect(idsOf(await find('age>1h id:to-be-f'))).toEqual([])
  })

  it.each([
    ['state:ded', 400, 'CT_BAD_SEARCH'],
    ['phase:tolk', 404, 'CT_UNKNOWN_JOB_TYPE'],
    ['pipeline:shwon', 404, 'CT_UNKNOWN_PIPELINE'],
  ])('is an error and not empty for %s', async (q, status, code) => {
    const answer = await own.call('GET', `/jobs?q=${q}`)
    expect([answer.status, answer.json.code]).toEqual([status, code])
  })

  const negative = Buffer.from('{"places":{},"count":-5,"more":false}').toString('base64url')
  it.each(['after=nonsense', 'after=e30', `after=${negative}`, 'limit=0', 'limit=101', 'limit=x'])(
    'refuses %s',
    async (query) => {
      expect((await own.call('GET', `/jobs?${query}`)).status).toBe(400)
    },
  )
})
