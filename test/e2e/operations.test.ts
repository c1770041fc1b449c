/** What an operator orders by the command line, with real processes. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { until } from '../wait.ts'
import { Bench, kill, numbered } from './processes.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

const lines = (text: string) => text.trimEnd().split('\n')

async function shardOf(client: PipelineClient) {
  const [shard] = (await client.status()).shards
  if (shard === undefined) throw new Error('a manager has a shard')
  return shard
}

describe('jobs list', () => {
  it('finds the running ones, and as JSON says where the next page begins', async () => {
    bench.manager()
    bench.worker('work', ['--concurrency', '2'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 1 })
    await client.enqueueJobs(numbered(5, { waitsFor: join(bench.folder, 'never') }))
    await until(async () => (await shardOf(client)).phases[0]?.running === 2, { what: 'two run' })

    const list = (...flags: string[]) => bench.run(['jobs', 'list', bench.router, ...flags])
    const running = await list('--state', 'running', '--json')
    const jobs = lines(running.stdout).map((line) => JSON.parse(line) as object)
    expect(jobs).toMatchObject([{ state: 'running' }, { state: 'running' }])
    expect(running.stderr).toBe('')
    expect(await list('--state', 'running', '--phase', 'finish', '--json')).toMatchObject({
      ...{ code: 0, stdout: '' },
    })

    const first = await list('--limit', '3', '--json')
    const { next } = JSON.parse(lines(first.stderr).at(-1) ?? '') as { next: string }
    const second = await list('--limit', '3', '--json', '--after', next)
    expect([...lines(first.stdout), ...lines(second.stdout)]).toHaveLength(5)
    expect(second.stderr).toBe('')
  })
})

describe('pause', () => {
  it('holds new grants over a restart of the manager, until resume; what runs goes on', async () => {
    const manager = bench.manager()
    bench.worker('work')
    bench.worker('finish')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })

    const finish = await bench.run(['pause', bench.pull, '--phase', 'finish', '--json'])
    expect(finish).toMatchObject({ code: 0, stdout: '{"pipeline":false,"phases":["finish"]}\n' })
    await client.enqueueJobs(numbered(1))
    await until(async () => (await shardOf(client)).phases[1]?.waiting === 1, {
      what: 'the job waits for the paused phase',
    })

    expect((await bench.run(['pause', bench.pull])).code).toBe(0)
    expect((await bench.run(['pause', bench.pull])).stderr).toContain('whole pipeline is paused')
    await kill(manager)
    bench.manager()
    await bench.workersReady(client, { work: 1, finish: 1 })
    expect(await shardOf(client)).toMatchObject({ paused: true })
    await until(async () => !(await shardOf(client)).rollCallOpen, {
      what: 'the roll call is over',
    })
    await client.enqueueJobs(numbered(1))
    expect((await shardOf(client)).phases).toMatchObject([
      { waiting: 1, running: 0, paused: true },
      { waiting: 1, running: 0, paused: true },
    ])
    expect((await bench.run(['status', bench.pull])).stdout).toContain(
      'the whole pipeline is paused',
    )

    const resumed = await bench.run(['resume', bench.pull])
    expect(resumed).toMatchObject({ code: 0, stderr: 'paused phases: finish\n' })
    expect((await bench.run(['resume', bench.pull, '--phase', 'finish'])).stderr).toBe(
      'nothing is paused\n',
    )
    await bench.settled(client, 2)
  })

  it('refuses a phase that is not there, with a guess', async () => {
    bench.manager()
    await bench.client()
    const finished = await bench.run(['pause', bench.pull, '--phase', 'finsh'])
    expect(finished.code).toBe(5)
    expect(finished.stderr).toContain('CT_UNKNOWN_JOB_TYPE')
    expect(finished.stderr).toContain('did you mean "finish"?')
    expect((await bench.run(['pause', 'tcp://127.0.0.1:9'])).code).toBe(4)
  })
})

describe('dead jobs', () => {
  it('are listed, redriven once their cause is mended, and discarded', async () => {
    bench.manager()
    bench.worker('work')
    bench.worker('finish')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const file = join(bench.folder, 'mended')
    const answers = await client.enqueueJobs([
      ...numbered(3, { needs: file }),
      ...numbered(1, { does: 'reject' }),
    ])
    const ids = answers.map(({ job }) => job.id)
    await bench.settled(client, 4)

    const listed = await bench.run(['dead', 'list', bench.pull, '--error', 'mended', '--json'])
    expect(lines(listed.stdout)).toHaveLength(3)
    writeFileSync(file, '')
    const redriven = await bench.run([
      ...['dead', 'redrive', bench.pull, '--all', '--phase', 'work', '--error', 'mended', '--json'],
    ])
    expect(redriven.code).toBe(0)
    expect(lines(redriven.stdout).map((line) => JSON.parse(line) as unknown)).toEqual(
      ids
        .slice(0, 3)
        .map((id) => ({ id, outcome: 'redriven' }))
        .toReversed(),
    )
    for (const id of ids.slice(0, 3)) await client.result(id, { timeout: 20_000 })
    const { attempts } = await client.getJob(ids[0] ?? '')
    expect(attempts.map(({ phase, attempt, outcome }) => [phase, attempt, outcome])).toEqual([
      [0, 1, 'failed'],
      [0, 2, 'dead'],
      [0, 3, 'done'],
      [1, 1, 'done'],
    ])
    const runs = bench.entries().filter(({ jobId, phase }) => jobId === ids[0] && phase === 'work')
    const fences = runs.map(({ fence }) => fence)
    expect(fences).toEqual([...new Set(fences)].toSorted())
    expect(fences).toHaveLength(3)
    expect(new Set(runs.map(({ key }) => key)).size).toBe(1)

    const [done = '', , , rejected = ''] = ids
    const again = await bench.run(['dead', 'redrive', bench.pull, done])
    expect(again).toMatchObject({ code: 6, stdout: `${done}  notDead\n` })
    expect(again.stderr).toContain('CT_REFUSED')
    const discarded = await bench.run(['dead', 'discard', bench.pull, rejected])
    expect(discarded).toMatchObject({ code: 0, stdout: `${rejected}  discarded\n` })
    const gone = await bench.run(['dead', 'discard', bench.pull, rejected, '--json'])
    expect(gone.code).toBe(5)
    expect(gone.stderr).toContain('CT_JOB_NOT_FOUND')
    expect((await shardOf(client)).settled).toEqual({ done: 3, dead: 0, cancelled: 0 })
    expect((await bench.run(['dead', 'redrive', bench.pull])).code).toBe(2)
  })
})

describe('workers', () => {
  it('are listed; one that is drained finishes what runs, gives back the rest and exits 0', async () => {
    bench.manager()
    // The deadline is for signals: an order waits for what runs.
    const leaving = bench.worker('work', ['--drain', '100ms'])
    bench.worker('finish')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const listed = await bench.run(['workers', 'list', bench.pull, '--json'])
    const workers = lines(listed.stdout).map((line) => JSON.parse(line) as Record<string, unknown>)
    const id = String(workers.find(({ jobType }) => jobType === 'work')?.['id'])
    expect(id).toMatch(new RegExp(`^work@.*:${leaving.pid}$`))

    const flag = join(bench.folder, 'go-on')
    await client.enqueueJobs(numbered(3, { waitsFor: flag }))
    await until(() => bench.entries().length === 1, { what: 'the first job runs' })
    const exited = once(leaving, 'exit')
    const drained = await bench.run(['workers', 'drain', bench.pull, id, '--json'])
    expect(drained).toMatchObject({ code: 0, stdout: `{"id":"${id}","outcome":"draining"}\n` })
    writeFileSync(flag, '')
    expect(await exited).toEqual([0, null])
    const other = bench.worker('work')
    await bench.settled(client, 3)
    const { done, dead } = (await shardOf(client)).settled
    expect({ done, dead }).toEqual({ done: 3, dead: 0 })
    const ran = bench.entries().filter(({ phase }) => phase === 'work')
    expect(ran.map(({ pid, attempt }) => [pid, attempt])).toEqual([
      [leaving.pid, 1],
      [other.pid, 1],
      [other.pid, 1],
    ])
    const again = await bench.run(['workers', 'drain', bench.pull, id])
    expect(again.code).toBe(5)
    expect(again.stderr).toContain('CT_WORKER_NOT_FOUND')
  })

  it('take jobs again when a drain is taken back in time', async () => {
    bench.manager()
    const worker = bench.worker('work')
    bench.worker('finish')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const flag = join(bench.folder, 'go-on')
    await client.enqueueJobs(numbered(3, { waitsFor: flag }))
    await until(() => bench.entries().length === 1, { what: 'the first job runs' })
    const { workers } = await shardOf(client)
    const id = workers.find(({ jobType }) => jobType === 'work')?.id ?? ''
    expect((await bench.run(['workers', 'drain', bench.pull, id])).code).toBe(0)
    const resumed = await bench.run(['workers', 'resume', bench.pull, id])
    expect(resumed).toMatchObject({ code: 0, stderr: `${id} takes jobs\n` })
    writeFileSync(flag, '')
    await bench.settled(client, 3)
    const ran = bench.entries().filter(({ phase }) => phase === 'work')
    expect(ran.map(({ pid, attempt }) => [pid, attempt])).toEqual([
      [worker.pid, 1],
      [worker.pid, 1],
      [worker.pid, 1],
    ])
    const nobody = await bench.run(['workers', 'resume', bench.pull, 'nobody'])
    expect(nobody.code).toBe(5)
    expect(nobody.stderr).toContain('CT_WORKER_NOT_FOUND')
  })
})

describe('jobs retry', () => {
  it('does a settled job again as a new one, from any phase that it had reached', async () => {
    bench.manager()
    bench.worker('work')
    bench.worker('finish')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const answers = await client.enqueueJobs([...numbered(1, { does: 'reject' }), ...numbered(1)])
    const [rejected = '', done = ''] = answers.map(({ job }) => job.id)
    await bench.settled(client, 2)

    const edit = ['--instructions', "{does: 'nothing', n: 9}"]
    const mended = await bench.run(['jobs', 'retry', bench.pull, rejected, ...edit, '--json'])
    expect(mended.code).toBe(0)
    const { id } = JSON.parse(mended.stdout) as { id: string }
    expect(await client.result(id, { timeout: 20_000 })).toMatchObject({
      ...{ does: 'nothing', n: 9, worked: true, finished: true },
    })
    expect((await client.getJob(rejected)).job.state).toBe('dead')
    const shown = await bench.run(['jobs', 'show', bench.pull, id])
    expect(shown.stdout).toContain(`it does ${rejected} again`)

    const fromPhase = ['--from-phase', 'finish']
    const again = (await bench.run(['jobs', 'retry', bench.pull, done, ...fromPhase])).stdout.trim()
    await client.result(again, { timeout: 20_000 })
    const { job, attempts } = await client.getJob(again)
    expect(job).toMatchObject({ replayOf: done, state: 'done' })
    expect(attempts.map(({ phase, attempt }) => [phase, attempt])).toEqual([[1, 1]])

    const tooFar = await bench.run(['jobs', 'retry', bench.pull, rejected, ...fromPhase])
    expect(tooFar.code).toBe(6)
    expect(tooFar.stderr).toContain('only come as far as "work"')
    const unknown = await bench.run(['jobs', 'retry', bench.pull, done, '--from-phase', 'x'])
    expect(unknown.code).toBe(5)
    expect((await bench.run(['jobs', 'retry', bench.pull, 'nobody'])).code).toBe(5)
    const store = join(bench.folder, '.carbontube', 'ledger.db')
    expect((await bench.run(['audit', store, '--ledger', bench.ledger])).code).toBe(0)
  })
})

describe('a pipeline that is shortened', () => {
  it('does not start while jobs wait in a phase that it has no longer', async () => {
    const manager = bench.manager()
    bench.worker('work')
    const client = await bench.client()
    await bench.workersReady(client, { work: 1 })
    await client.enqueueJobs(numbered(2))
    await until(async () => (await shardOf(client)).phases[1]?.waiting === 2, {
      what: 'two jobs wait for the last phase',
    })
    // What the status counts may not be written yet: a clean stop writes it.
    const exited = once(manager, 'exit')
    manager.kill('SIGTERM')
    await exited
    const file = fileURLToPath(new URL('short-pipeline.mjs', import.meta.url))
    const refused = await bench.run(['pipeline', file, '--pull-bind', bench.pull])
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('has 1 phases, and 2 jobs in its store wait in later ones')
  })
})
