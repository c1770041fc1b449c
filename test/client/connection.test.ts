/** What a client makes of managers that come, go and talk nonsense: over the loopback, where a test can be one. */
import { expect, it } from 'vitest'
import { PipelineClient } from '../../src/client/pipeline-client.ts'
import { createLoopback } from '../../src/transport/loopback.ts'
import type { RouterDoor, Transport } from '../../src/transport/contract.ts'
import { packHeader, unpackHeader, type Header } from '../../src/wire/header.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'

const pull = 'tcp://127.0.0.1:5050'
const router = 'tcp://127.0.0.1:5051'
const welcome = {
  ...{ pipeline: 'numbers', manager: 'm', version: '1', shards: 1, pull: [pull], owned: [[0, 1]] },
  ...{ store: 'memory', durability: 'D0' },
}

/** A manager that answers a hello, and leaves everything else to the test. */
class AManager {
  readonly network = createLoopback()
  readonly asked = new Happened<Header>()
  #door: RouterDoor | undefined
  #peer = ''

  async open(): Promise<void> {
    this.#door = await this.network.openRouter({
      bind: [router],
      onMessage: (peer, [frame]) => {
        this.#peer = peer
        const header = unpackHeader(frame)
        if (header.type === 'hello') this.says('welcome', { request: 0, welcome })
        else this.asked.note(header)
      },
    })
  }

  says(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.sends(packHeader(type, fields))
  }

  sends(...frames: Uint8Array[]): void {
    this.#door?.send(this.#peer, frames)
  }

  close(): void {
    this.#door?.close()
  }
}

async function connected(manager: AManager, timeout = 5_000): Promise<PipelineClient> {
  const client = new PipelineClient(pull, { transport: manager.network, timeout })
  await client.connect()
  return client
}

it('a manager that is asked again to wait is asked for the time that is left, and for what is open', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager)
  const told: string[] = []
  const waiting = client.waitForJobs(['one', 'two'], 60_000, (items) => {
    told.push(...items.map(({ id }) => id))
  })
  const [first] = await manager.asked.times(1)
  const settled = (id: string) => ({
    ...{ request: first?.['request'], isLast: false },
    items: [{ id, state: 'cancelled' }],
  })
  manager.says('settled', settled('one'))
  await expect.poll(() => told).toEqual(['one'])
  manager.close()
  const closedMs = performance.now()
  await until(() => performance.now() - closedMs > 50, { what: 'the manager is away' })
  await manager.open()
  const [, second] = await manager.asked.times(2)
  expect(first).toMatchObject({ type: 'wait', ids: ['one', 'two'] })
  expect(second).toMatchObject({ type: 'wait', ids: ['two'] })
  expect(Number(second?.['timeoutMs'])).toBeLessThanOrEqual(Number(first?.['timeoutMs']) - 50)
  manager.says('settled', settled('two'))
  await waiting
  client.close()
})

it('what a callback throws is an error of its wait, and the client goes on', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager)
  const waiting = client.waitForJobs(['one'], 60_000, () => {
    throw new Error('mine')
  })
  const [asked] = await manager.asked.times(1)
  const items = [{ id: 'one', state: 'cancelled' }]
  manager.says('settled', { request: asked?.['request'], isLast: true, items })
  await expect(waiting).rejects.toThrow('mine')
  const asking = client.pause()
  const [, pause] = await manager.asked.times(2)
  manager.says('paused', { request: pause?.['request'], pipeline: true, phases: [] })
  expect(await asking).toMatchObject({ pipeline: true })
  client.close()
})

it('a job that is waited for twice in a long list is told once', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager)
  const ids = Array.from({ length: 1_500 }, (_, n) => `job-${n}`)
  const told: string[] = []
  const waiting = client.waitForJobs([...ids, 'job-0'], 60_000, (items) => {
    told.push(...items.map(({ id }) => id))
  })
  for (const asked of await manager.asked.times(2)) {
    const items = (asked['ids'] as string[]).map((id) => ({ id, state: 'cancelled' }))
    manager.says('settled', { request: asked['request'], isLast: true, items })
  }
  await waiting
  expect(told).toEqual(ids)
  client.close()
})

it.each([
  ['notFound', { code: 'CT_JOB_NOT_FOUND', message: 'job "one" is not kept' }],
  ['timedOut', { code: 'CT_TIMED_OUT', message: 'job "one" has not ended in time' }],
])('a result that there is none of says why, and what to do: %s', async (state, error) => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager)
  const waiting = client.result('one', { timeout: '1m' })
  const [asked] = await manager.asked.times(1)
  manager.says('settled', {
    ...{ request: asked?.['request'], isLast: true },
    items: [{ id: 'one', state }],
  })
  const hint = expect.any(String) as string
  await expect(waiting).rejects.toMatchObject({ ...error, hint })
  client.close()
})

it('what is no reply is dropped, and named when no other comes', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager, 500)
  const asking = client.getJob('job')
  await manager.asked.times(1)
  manager.sends(Buffer.from('HTTP/1.1 400 Bad Request'))
  await expect(asking).rejects.toMatchObject({
    code: 'CT_TIMED_OUT',
    details: { unreadable: expect.any(String) as string },
  })
  client.close()
})

it('what was not answered says whether it may be asked again: a retry may have made a job', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager, 300)
  await expect(client.listJobs()).rejects.toMatchObject({
    hint: 'The manager may be down or busy; asking again is safe.',
  })
  const enqueued = client.enqueueJobs([{ name: 'numbers', instructions: {} }] as never)
  await expect(enqueued).rejects.toMatchObject({
    hint: 'The manager may be down or busy; sending again with the same id is safe.',
  })
  const retried = client.retryJob('job-1')
  const get = await until(() => manager.asked.all.find(({ type }) => type === 'get'), {
    what: 'the job is asked for',
  })
  const job = {
    ...{ id: 'job-1', state: 'done', phase: 'count', phaseIndex: 0, priority: 0 },
    ...{ attempts: 0, enqueuedMs: 1, dueMs: 1 },
  } as const
  const request = Number(get['request'])
  manager.sends(packHeader('job', { request, job, attempts: [] }), Buffer.from('{}'))
  await expect(retried).rejects.toMatchObject({
    code: 'CT_TIMED_OUT',
    hint: expect.stringContaining('before you retry again') as string,
  })
  client.close()
})

it('whoever speaks another version of the protocol is not taken for a manager', async () => {
  const { network } = new AManager()
  const door = await network.openRouter({
    bind: [pull],
    onMessage: (peer) => door.send(peer, [Buffer.from('{"v":99,"type":"welcome"}')]),
  })
  const client = new PipelineClient(pull, { transport: network, timeout: 300 })
  await expect(client.connect()).rejects.toMatchObject({
    code: 'CT_PROTOCOL',
    message: expect.stringContaining('protocol version 99') as string,
  })
})

it('a manager that does not answer yet is not taken for a bare pull door', async () => {
  const { network } = new AManager()
  await network.openRouter({ bind: [router], onMessage: () => undefined })
  await network.openPull({ bind: [pull], onMessage: () => undefined })
  const client = new PipelineClient(pull, { transport: network, timeout: 300 })
  await expect(client.connect()).rejects.toMatchObject({ code: 'CT_UNREACHABLE' })
})

it('a timeout of a month is one', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager, 30 * 24 * 3_600_000)
  expect(client.manager?.durability).toBe('D0')
  client.close()
})

it('a client that is closed while it connects is not connected', async () => {
  const { network } = new AManager()
  await network.openPull({ bind: [pull], onMessage: () => undefined })
  const client = new PipelineClient(pull, { transport: network, timeout: 60_000 })
  const connecting = client.connect()
  client.close()
  await expect(connecting).rejects.toMatchObject({ code: 'CT_STOPPED' })
})

it('a client that was never connected says so', async () => {
  const client = new PipelineClient(pull, { transport: createLoopback() })
  await expect(client.status()).rejects.toMatchObject({
    code: 'CT_STOPPED',
    hint: expect.stringContaining('connect()') as string,
  })
})

it.each([
  [undefined, 'a job is undefined, not an object'],
  [null, 'a job is null, not an object'],
  [{ name: 'numbers', id: 42, instructions: {} }, 'the id of a job is 42, not a text'],
])('%j is no job', async (job, message) => {
  const client = new PipelineClient(pull)
  await expect(client.enqueueJob(job as never)).rejects.toMatchObject({
    ...{ code: 'CT_INVALID_JOB', message },
  })
})

it('a client of no address is refused', () => {
  expect(() => new PipelineClient([])).toThrow('no address of a manager was given')
})

it('a member of a job that is not known is named, and none of the call is sent', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager)
  const job = { name: 'numbers', instructions: {} }
  const other = { ...job, jobId: 'job', delay: 5_000 }
  await expect(client.enqueueJobs([job, other])).rejects.toMatchObject({
    code: 'CT_INVALID_JOB',
    message: 'a job has "jobId", which is not known',
    details: { key: 'jobId' },
  })
  expect(manager.asked.all).toEqual([])
  client.close()
})

it('a priority that is no whole number is named', async () => {
  const manager = new AManager()
  await manager.open()
  const client = await connected(manager)
  const job = { name: 'numbers', id: 'job', priority: 1.5, instructions: {} }
  await expect(client.enqueueJobs([job])).rejects.toMatchObject({
    code: 'CT_INVALID_JOB',
    details: { id: 'job' },
  })
  client.close()
})

it('a client that is told to connect twice connects once, and nothing of it is left when it is closed', async () => {
  const manager = new AManager()
  await manager.open()
  let open = 0
  const transport: Transport = {
    ...manager.network,
    connectDealer(options) {
      const link = manager.network.connectDealer(options)
      open += 1
      const close = () => {
        open -= 1
        link.close()
      }
      return { ...link, close }
    },
  }
  const client = new PipelineClient(pull, { transport, timeout: 5_000 })
  await Promise.all([client.connect(), client.connect()])
  await client.connect()
  expect(client.manager?.pipeline).toBe('numbers')
  client.close()
  expect(open).toBe(0)

  await client.connect()
  expect(open).toBeGreaterThan(0)
  client.close()
  expect(open).toBe(0)
})

it('what is enqueued by a client that is closed, or never came to a door, is not said to be sent', async () => {
  const { network } = new AManager()
  await network.openPull({ bind: [pull], onMessage: () => undefined })
  const job = { name: 'numbers', instructions: {} }
  const client = new PipelineClient(pull, { transport: network, timeout: 300 })
  await client.connect()
  expect(await client.enqueueJob(job)).toMatchObject({ outcome: 'sent' })
  client.close()
  await expect(client.enqueueJob(job)).rejects.toMatchObject({ code: 'CT_STOPPED' })

  // It takes connections, and is no ZeroMQ.
  const transport: Transport = {
    ...network,
    connectPush: (options) => network.connectPush({ ...options, onUp: () => undefined }),
  }
  const stray = new PipelineClient(pull, { transport, timeout: 300 })
  await expect(stray.connect()).rejects.toMatchObject({ code: 'CT_UNREACHABLE' })
  await expect(stray.enqueueJob(job)).rejects.toMatchObject({ code: 'CT_UNREACHABLE' })
})
