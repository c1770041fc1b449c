/** The transport over ZeroMQ, with real sockets. */
import { describe, expect, it } from 'vitest'
import { zeromqTransport } from '../../src/transport/zeromq-transport.ts'
import { exerciseTransport } from './exercise-transport.ts'

exerciseTransport('zeromq', () => zeromqTransport)

describe('a door that was closed', () => {
  it('is opened again at once, although libzmq frees the port on a thread of its own', async () => {
    let address = 'tcp://127.0.0.1:*'
    for (let round = 0; round < 100; round++) {
      const door = await zeromqTransport.openPull({ bind: [address], onMessage: () => undefined })
      expect(door.addresses).toHaveLength(1)
      address = door.addresses[0] ?? address
      door.close()
    }
  })
})
