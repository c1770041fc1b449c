/** The transport inside one process does what ZeroMQ does, and a little that only it can promise. */
import { describe, expect, it } from 'vitest'
import { createLoopback } from '../../src/transport/loopback.ts'
import { APlace, message, texts } from './a-place.ts'
import { exerciseTransport } from './exercise-transport.ts'

exerciseTransport('loopback', createLoopback)

describe('the loopback', () => {
  it('is a network of its own each time', async () => {
    const [here, elsewhere] = [createLoopback(), createLoopback()]
    const { address } = await new APlace(here).pull()
    expect(await here.probe(address, 1_000)).toBe('open')
    expect(await elsewhere.probe(address, 1_000)).toBe('refused')
  })

  it('takes one message of each link in turn', async () => {
    const place = new APlace(createLoopback())
    const { address, messages } = await place.pull()
    const busy = place.push(address)
    const rare = place.push(address)
    await Promise.all([busy.ups.times(1), rare.ups.times(1)])
    for (const n of [1, 2, 3]) busy.link.send(message(`busy ${n}`))
    rare.link.send(message('rare'))
    expect(texts(await messages.times(4))).toEqual(['busy 1', 'rare', 'busy 2', 'busy 3'])
  })

  it('hands over bytes of its own, as they were when they were sent', async () => {
    const place = new APlace(createLoopback())
    const { address, messages } = await place.pull()
    const { link, ups } = place.push(address)
    await ups.times(1)
    const frame = Uint8Array.of(1)
    link.send([frame])
    frame[0] = 2
    expect((await messages.times(1))[0]?.[0]?.[0]).toBe(1)
  })
})
