/** Jobs of a pipeline with an input schema, from clients in any language: each is answered for itself. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Manager } from '../../src/manager/manager.ts'
import type { ManagerOptions } from '../../src/manager/manager-options.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import type { Frames, Link } from '../../src/transport/contract.ts'
import { unpackHeader } from '../../src/wire/header.ts'
import { decodeInstructions } from '../../src/wire/instructions.ts'
import { decodeReply, type Reply } from '../../src/wire/replies.ts'
import { encodeEnqueue, type EnqueueItem } from '../../src/wire/requests.ts'
import { shardOf } from '../../src/wire/shard-of.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'
import { ACompany, Numbers, numbersSite } from './a-company.ts'
import { SharedStorage } from './shared-storage.ts'

let company: ACompany
let manager: Manager

beforeEach(() => {
  company = new ACompany()
})

afterEach(() => company.close())

async function managerWith(
  options: Pick<ManagerOptions, 'checkInput' | 'limits' | 'shards'>,
): Promise<void> {
  const storage = new EphemeralStorageBackend('numbers')
  manager = company.aManager(Numbers, numbersSite, storage, options)
  await manager.start()
}

function job(id: string, text: string): EnqueueItem {
  return { id, priority: 0, sentMs: 0, instructions: Buffer.from(text) }
}

/** To the router door; the answer. */
async function enqueued(...jobs: readonly EnqueueItem[]): Promise<Reply> {
  const replies = new Happened<Frames>()
  const { router: address } = manager.addresses
  const link = company.network.connectDealer({ address, onMessage: replies.note })
  await until(() => link.isUp, { what: 'the link stands' })
  link.send(encodeEnqueue({ request: 1, pipeline: 'numbers' }, jobs))
  const [frames = []] = await replies.times(1)
  link.close()
  return decodeReply(unpackHeader(frames[0]), frames)
}

/** Stands, to the pull door. */
async function aPush(): Promise<Link> {
  const link = company.network.connectPush({ address: numbersSite.pull })
  await until(() => link.isUp, { what: 'the link stands' })
  return link
}

/** As the check of every pipeline begins. */
async function readable(instructions: Uint8Array): Promise<undefined> {
  decodeInstructions(instructions)
}

const stored = () => manager.status().shards[0]?.counters.stored

describe('one job that the check cannot read', () => {
  const mixed = [job('good', '{"n":1}'), job('torn', '{"n":'), job('fine', '{"n":2}')]

  beforeEach(() => managerWith({ checkInput: readable }))

  it('is invalid, and the others of its message are stored', async () => {
    expect(await enqueued(...mixed)).toMatchObject({
      type: 'enqueued',
      items: [
        { id: 'good', outcome: 'stored' },
        { id: 'fine', outcome: 'stored' },
        { id: 'torn', outcome: 'invalid' },
      ],
      issues: { torn: expect.stringContaining('no JSON') },
    })
  })

  it('is dropped and counted when it was pushed, and the others are stored', async () => {
    const link = await aPush()
    link.send(encodeEnqueue({ pipeline: 'numbers' }, mixed))
    await until(() => stored() === 2, { what: 'the others are stored' })
    expect(manager.status().rejectedMessages).toBe(1)
  })
})

describe('a schema that throws', () => {
  it('refuses the jobs over which it throws, each with what it threw', async () => {
    await managerWith({
      checkInput: async (bytes) => {
        if (decodeInstructions(bytes)['n'] === 0) throw new TypeError('a division by zero')
        return undefined
      },
    })
    expect(await enqueued(job('zero', '{"n":0}'), job('one', '{"n":1}'))).toMatchObject({
      items: [
        { id: 'one', outcome: 'stored' },
        { id: 'zero', outcome: 'invalid' },
      ],
      issues: { zero: 'a division by zero' },
    })
  })
})

describe('what is wrong with jobs', () => {
  it('is told in an answer that a client can read, of 10,000 jobs with long issues too', async () => {
    await managerWith({ checkInput: async () => 'each field is wrong; '.repeat(500) })
    const many = Array.from({ length: 10_000 }, (_, n) => job(`job-${n}`, '{}'))
    const reply = await enqueued(...many)
    if (reply.type !== 'enqueued') return expect.unreachable(reply.type)
    expect(new Set(reply.items.map(({ outcome }) => outcome))).toEqual(new Set(['invalid']))
    const { issues = {} } = reply
    expect(Object.keys(issues)).toHaveLength(10_000)
    expect(issues['job-0']).toMatch(/^each field is wrong.*…$/)
    expect(issues['job-0']).toHaveLength(1_001)
    expect(issues['job-9999']).toMatch(/^its issue is left out/)
  })
})

describe('jobs that wait for their check', () => {
  const checks = new Happened<() => void>()
  const heldUp = () => new Promise<undefined>((resolve) => checks.note(() => resolve(undefined)))
  const goOn = () => checks.all.splice(0).forEach((resolve) => resolve())

  it('are no more than may wait for the store, by their number', async () => {
    await managerWith({ checkInput: heldUp, limits: { uncommittedInsertsMax: 1 } })
    const first = enqueued(job('a', '{}'), job('b', '{}'))
    await checks.times(1)
    expect(await enqueued(job('c', '{}'))).toMatchObject({ items: [{ id: 'c', outcome: 'busy' }] })
    goOn()
    expect(await first).toMatchObject({
      items: [
        { id: 'a', outcome: 'stored' },
        { id: 'b', outcome: 'busy' },
      ],
    })
    const again = enqueued(job('b', '{}'))
    await checks.times(1)
    goOn()
    expect(await again).toMatchObject({ items: [{ id: 'b', outcome: 'stored' }] })
  })

  it('are no more than may wait for the store, by their bytes; pushed ones are dropped', async () => {
    await managerWith({ checkInput: heldUp, limits: { uncommittedBytesMax: 7 } })
    const link = await aPush()
    link.send(encodeEnqueue({ pipeline: 'numbers' }, [job('a', '{"n":1}')]))
    await checks.times(1)
    link.send(encodeEnqueue({ pipeline: 'numbers' }, [job('b', '{}')]))
    await until(() => manager.status().rejectedMessages === 1, { what: 'the other is dropped' })
    goOn()
    await until(() => stored() === 1, { what: 'the first one is stored' })
  })

  it('count for each shard from their arrival', async () => {
    manager = company.aManager(Numbers, numbersSite, new SharedStorage('numbers'), {
      ...{ shards: 2, checkInput: heldUp, limits: { uncommittedInsertsMax: 1 } },
    })
    await manager.start()
    const [zero = '', one = ''] = [0, 1].map((shard) =>
      ['a', 'b', 'c', 'd'].find((id) => shardOf(id, 2) === shard),
    )
    const link = await aPush()
    link.send(encodeEnqueue({ pipeline: 'numbers' }, [job(zero, '{}'), job(one, '{}')]))
    await checks.times(2)
    link.send(encodeEnqueue({ pipeline: 'numbers' }, [job(zero, '{}'), job(one, '{}')]))
    await until(() => manager.status().rejectedMessages === 2, { what: 'both are dropped' })
    goOn()
  })
})
