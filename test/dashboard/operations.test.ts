/** Orders about many jobs: what they do, how they are held back, and what is refused. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as api from '../../src/dashboard/api-types.ts'
import { Operations } from '../../src/dashboard/operations.ts'
import { until } from '../wait.ts'
import { DashboardBench, EventReader } from './dashboard-bench.ts'

let own: DashboardBench

beforeAll(async () => {
  own = await DashboardBench.open()
}, 60_000)

afterAll(() => own.close())

type Request = Partial<api.OperationRequest>
const start = (request: Request) =>
  own.post<api.Operation>('/operations', { pipeline: 'shown', ...request })
const refused = async (request: Request) => {
  const body = { pipeline: 'shown', action: 'redrive', ...request }
  return own.call('POST', '/operations', { body })
}
const countOf = async (q: string) =>
  (await own.get<api.JobPage>(`/jobs?q=${encodeURIComponent(q)}`)).count

async function ended({ id }: api.Operation): Promise<api.Operation> {
  return until(
    async () => {
      const now = await own.get<api.Operation>(`/operations/${id}`)
      return now.state === 'running' ? undefined : now
    },
    { what: 'the operation has ended', timeoutMs: 30_000 },
  )
}

/** That many jobs that die of the same. */
async function die(count: number, why: string): Promise<void> {
  const dead = (await countOf(`state:dead error:"${why}"`)) ?? 0
  const jobs = Array.from({ length: count }, (_, n) => ({
    name: 'shown' as never,
    instructions: { n, does: 'reject', why: `${why} ${n}`, lines: 0 } as never,
  }))
  await own.client.enqueueJobs(jobs)
  await until(async () => (await countOf(`state:dead error:"${why}"`)) === dead + count, {
    ...{ what: `${count} jobs are dead`, timeoutMs: 60_000 },
  })
}

async function groupOf(why: string): Promise<api.DeadGroup> {
  const { groups } = await own.get<api.DeadGroups>('/dead')
  const group = groups.find(({ fingerprint }) => fingerprint.includes(why))
  if (group === undefined) throw new Error(`no group of ${why}: ${JSON.stringify(groups)}`)
  return group
}

describe('dead jobs', () => {
  it('are in groups by what they died of, of which one can be redriven', async () => {
    await die(120, 'disk is full')
    await die(7, 'codec is unknown')
    const [full, unknown] = [await groupOf('disk is full'), await groupOf('codec is unknown')]
    expect([full.count, unknown.count]).toEqual([120, 7])
    expect(full).toMatchObject({ pipeline: 'shown', phase: 'talk', reason: 'rejected' })
    expect(full.firstMs).toBeLessThanOrEqual(full.lastMs)
    const reader = new EventReader(own.dashboard.port, '/api/v1/stream')
    await until(() => reader.events.length > 0, { what: 'the stream is open' })

    const dry = await start({ action: 'redrive', filter: { group: full.key }, dryRun: true })
    expect(dry).toMatchObject({ state: 'done', total: 120, processed: 0 })
    const operation = await ended(await start({ action: 'redrive', filter: { group: full.key } }))
    expect(operation).toMatchObject({ state: 'done', total: 120, processed: 120, by: 'local' })
    expect(operation.outcomes).toEqual({ redriven: 120 })
    await until(() => reader.all<api.Operation>('operation').at(-1)?.state === 'done', {
      what: 'the stream has told of it',
    })
    reader.close()

    // They die again, of the same; the others were not touched.
    await until(async () => (await countOf('state:dead')) === 127, { what: 'all are dead again' })
    expect((await groupOf('codec is unknown')).lastMs).toBe(unknown.lastMs)
    expect((await groupOf('disk is full')).key).toBe(full.key)
    const discarded = await ended(
      await start({ action: 'discard', filter: { group: unknown.key } }),
    )
    expect(discarded.outcomes).toEqual({ discarded: 7 })
    expect(await countOf('state:dead')).toBe(120)
  }, 90_000)
})

describe('the jobs of a group', () => {
  it('are listed page by page, and no others, like those of any list', async () => {
    await die(25, 'the lens is gone')
    await die(3, 'the lens is dirty')
    const { key, count } = await groupOf('the lens is gone')
    const all: api.JobRow[] = []
    let page = await own.get<api.JobPage>(`/jobs?group=${key}&limit=10`)
    expect(page.jobs).toHaveLength(10)
    for (;;) {
      all.push(...page.jobs)
      if (page.next === undefined) break
      page = await own.get(`/jobs?group=${key}&limit=10&after=${page.next}`)
    }
    expect(new Set(all.map(({ id }) => id)).size).toBe(count)
    expect(all).toHaveLength(25)
    for (const { lastError } of all) expect(lastError).toContain('the lens is gone')
    const some = await own.get<api.JobPage>(`/jobs?group=${key}&q=n%3D7%20pipeline:shown`)
    expect(some.jobs.map(({ lastError }) => lastError)).toEqual([
      expect.stringContaining('the lens is gone 7'),
    ])
    const none = await own.get<api.JobPage>('/jobs?group=none')
    expect([none.jobs, none.count]).toEqual([[], undefined])
    expect(none.searched).toBeGreaterThanOrEqual(28)
  }, 60_000)
})

describe('an operation', () => {
  it('means by an id what the list shows: the one job, however others begin', async () => {
    for (const id of ['same', 'same-1', 'same-2']) {
      await own.enqueue({ n: 1, does: 'reject', why: 'id' }, id)
      await own.get(`/pipelines/shown/jobs/${id}/wait`)
    }
    const listed = async (q: string) => {
      return (await own.get<api.JobPage>(`/jobs?q=${encodeURIComponent(q)}`)).jobs.length
    }
    const meant = async (q: string, action: api.OperationRequest['action']) =>
      (await start({ action, filter: { q }, dryRun: true })).total
    expect([await listed('id:same'), await meant('id:same', 'retry')]).toEqual([1, 1])
    // Redriving adds that it is dead.
    expect([await listed('state:dead id:same'), await meant('id:same', 'redrive')]).toEqual([1, 1])
    expect([
      await listed('state:done id:same'),
      await meant('state:done id:same', 'retry'),
    ]).toEqual([0, 0])
    for (const q of ['id:same error:ID age<1h n=1', 'id:same worker:nobody', 'id:same n=2']) {
      expect(await meant(q, 'retry'), q).toBe(await listed(q))
    }
    expect([await listed('id:same-'), await meant('id:same-', 'retry')]).toEqual([2, 2])
    await own.post('/operations', {
      ...{ action: 'discard', pipeline: 'shown', ids: ['same', 'same-1', 'same-2'] },
    })
  }, 30_000)

  it('is held back to so many a second, and can be aborted half-way', async () => {
    await die(60, 'slow down')
    const filter = { q: 'error:"slow down"' }
    const operation = await start({ action: 'discard', filter, perSecondMax: 20 })
    const beganMs = performance.now()
    const at = async () => own.get<api.Operation>(`/operations/${operation.id}`)
    await until(async () => (await at()).processed >= 20, { what: 'a third is done' })
    expect(performance.now() - beganMs).toBeGreaterThan(700)
    const { json } = await own.call<api.Operation>('DELETE', `/operations/${operation.id}`)
    expect(json.state).toBe('aborted')
    const left = await countOf('state:dead error:"slow down"')
    expect(left).toBeGreaterThan(0)
    expect((await at()).processed).toBe(60 - Number(left))
    const list = await own.get<api.OperationList>('/operations')
    expect(list.operations[0]).toMatchObject({ id: operation.id, state: 'aborted' })
  }, 60_000)

  it('tells also of what was on its way when it was aborted', async () => {
    const told: api.Operation[] = []
    const operations = new Operations({ nowMs: () => 0, tell: (one) => told.push(one) })
    let answer = (_outcomes: readonly { outcome: string }[]) => undefined as void
    const batch = new Promise<readonly { outcome: string }[]>((resolve) => (answer = resolve))
    const client = () => ({ discardJobs: () => batch }) as never
    const request = { action: 'discard', pipeline: 'shown' } as const
    const { id } = operations.start({ request, ids: ['a', 'b'], by: 'local', client })
    operations.abort(id)
    answer([{ outcome: 'discarded' }, { outcome: 'discarded' }])
    await until(() => operations.get(id).processed === 2, { what: 'the batch is done' })
    expect(told.at(-1)).toMatchObject({
      ...{ state: 'aborted', processed: 2, outcomes: { discarded: 2 } },
    })
  })

  it('cancels what has not settled, and retries what has', async () => {
    const ids: string[] = []
    for (let n = 0; n < 5; n += 1)
      ids.push(await own.enqueue({ n, waitsFor: '/nothing', tag: 'stuck' }))
    const cancelled = await ended(await start({ action: 'cancel', filter: { q: 'tag=stuck' } }))
    expect(cancelled.outcomes).toEqual({ cancelled: 5 })
    const done = await own.enqueue({ n: 1 })
    await own.get(`/pipelines/shown/jobs/${done}/wait`)
    const retried = await ended(await start({ action: 'retry', ids: [done, 'nothing', done] }))
    expect(retried.outcomes).toEqual({ enqueued: 1, notFound: 1 })
  }, 60_000)

  it('over a thousand jobs has to be confirmed with their count', async () => {
    const ids = Array.from({ length: 1_001 }, (_, at) => `none-${at}`)
    for (const more of [{}, { confirm: 1_000 }]) {
      const { status, json } = await refused({ ids, ...more })
      expect([status, json.code]).toEqual([409, 'CT_REFUSED'])
      expect(json.detail).toContain('1001')
    }
    const operation = await ended(await start({ action: 'redrive', ids, confirm: 1_001 }))
    expect(operation).toMatchObject({ state: 'done', processed: 1_001 })
  }, 30_000)

  const everything: readonly Request[] = [
    { filter: {} },
    { filter: { q: '' } },
    { filter: { q: '  ' } },
    { filter: { q: 'pipeline:shown' } },
    { filter: { q: 'age>0s' } },
    { filter: { group: '' } },
    { ids: [] },
  ]
  it.each(everything)('that would mean every job is refused: %j', async (request) => {
    const { status, json } = await refused(request)
    expect([status, json.code]).toEqual([409, 'CT_REFUSED'])
  })

  const wrong: readonly (readonly [Request, string])[] = [
    [{}, 'CT_BAD_REQUEST'],
    [{ ids: ['a'], filter: { q: 'n=1' } }, 'CT_BAD_REQUEST'],
    [{ ids: ['a'], perSecondMax: 0 }, 'CT_BAD_REQUEST'],
    [{ ids: ['a'], action: 'explode' as never }, 'CT_BAD_REQUEST'],
    [{ ids: ['a'], perSecondMax: 1e-7 }, 'CT_BAD_REQUEST'],
    [{ filter: { q: 'id:""' } }, 'CT_BAD_SEARCH'],
    [{ filter: { q: 'error:""' } }, 'CT_BAD_SEARCH'],
    [{ filter: { q: 'pipeline:other n=1' } }, 'CT_BAD_REQUEST'],
    [{ filter: { q: 'state:ded' } }, 'CT_BAD_SEARCH'],
    [{ pipeline: 'other', ids: ['a'] }, 'CT_UNKNOWN_PIPELINE'],
  ]
  it.each(wrong)('that makes no sense is refused: %j is %s', async (request, code) => {
    expect((await refused(request)).json.code).toBe(code)
  })

  it('that nobody knows is not found', async () => {
    expect((await own.call('GET', '/operations/none')).json.code).toBe('CT_NOT_FOUND')
    expect((await own.call('DELETE', '/operations/none')).json.code).toBe('CT_NOT_FOUND')
  })
})
