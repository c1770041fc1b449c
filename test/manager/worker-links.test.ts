/** What a manager tells a worker of itself when a connection stands. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WorkerLinks } from '../../src/manager/worker-links.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { createLoopback } from '../../src/transport/loopback.ts'
import { unpackHeader } from '../../src/wire/header.ts'
import { decodeOpen } from '../../src/wire/orders.ts'
import { APlace } from '../transport/a-place.ts'
import { Happened } from '../transport/happened.ts'
import { until } from '../wait.ts'

let place: APlace

beforeEach(() => {
  place = new APlace(createLoopback())
})

afterEach(() => place.close())

async function aLink(pull: string) {
  const worker = await place.pull()
  const connected = new Happened()
  const links = new WorkerLinks({
    ...{ transport: place.transport, logger: createLogger({ write: () => undefined }) },
    identity: { manager: 'm', pipeline: 'films', shard: 0, epoch: 1, nonce: 'n', pull },
    nowMs: () => 0,
    handle: ({ type }) => {
      if (type === 'WorkerConnected') connected.note()
    },
  })
  links.perform({ type: 'ConnectWorker', incarnation: 'a-1', address: worker.address })
  await connected.times(1)
  return async () => {
    const before = worker.messages.all.length
    links.perform({ type: 'OpenStream', incarnation: 'a-1', nextOrder: 1, ping: 1 })
    const frames = (await worker.messages.times(before + 1)).at(-1)
    return decodeOpen(unpackHeader(frames?.[0])).pull
  }
}

describe('the pull door that a worker is told', () => {
  it('is the announced one', async () => {
    const toldPull = await aLink('tcp://manager:5050')
    expect(await toldPull()).toBe('tcp://manager:5050')
  })

  it.each(['tcp://*:5050', 'tcp://0.0.0.0:5050'])(
    'is for %s one that it can reach',
    async (pull) => {
      const toldPull = await aLink(pull)
      await until(async () => (await toldPull()) === 'tcp://127.0.0.1:5050', {
        what: 'the interface towards the worker is known',
      })
    },
  )
})

describe('a worker that announces what is no address', () => {
  it.each(['', 'tcp://127.0.0.19', 'tcp://a:99999', 'somewhere'])(
    'is lost, and nothing else: %j',
    async (address) => {
      const lost = new Happened()
      const links = new WorkerLinks({
        ...{ transport: place.transport, logger: createLogger({ write: () => undefined }) },
        identity: {
          ...{ manager: 'm', pipeline: 'films', shard: 0, epoch: 1, nonce: 'n' },
          pull: 'tcp://m:5050',
        },
        nowMs: () => 0,
        handle: (event) => {
          expect(event).toMatchObject({ type: 'WorkerLost', incarnation: 'a', cause: 'linkLost' })
          lost.note()
        },
      })
      links.perform({ type: 'ConnectWorker', incarnation: 'a', address })
      await lost.times(1)
    },
  )
})
