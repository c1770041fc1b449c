/** Links to managers that took this worker for another one: bounded, since strangers name the addresses. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Link } from '../../src/transport/contract.ts'
import { createLoopback } from '../../src/transport/loopback.ts'
import { Introductions } from '../../src/worker/introductions.ts'
import { APlace, message, texts } from '../transport/a-place.ts'

let place: APlace
let links: Link[]
let introductions: Introductions

beforeEach(() => {
  place = new APlace(createLoopback())
  links = []
  introductions = new Introductions({
    ...place.transport,
    connectPush(options) {
      const link = place.transport.connectPush(options)
      links.push(link)
      return link
    },
  })
})

afterEach(() => {
  introductions.close()
  place.close()
})

describe('an introduction', () => {
  it('arrives also when the door opens later, and again on the same link', async () => {
    const address = await place.vacantAddress()
    introductions.send(address, message('hello'), 0)
    const { messages } = await place.pull({ bind: [address] })
    await messages.times(1)
    introductions.send(address, message('again'), 1_000)
    expect(texts(await messages.times(2))).toEqual(['hello', 'again'])
    expect(links).toHaveLength(1)
  })

  it('is given up when it was not wanted for a while', async () => {
    const address = await place.vacantAddress()
    introductions.send(address, message('hello'), 0)
    introductions.closeIdle(4_999)
    introductions.send(address, message('hello'), 4_999)
    introductions.closeIdle(9_000)
    expect(links).toHaveLength(1)
    introductions.closeIdle(9_999)
    introductions.send(address, message('hello'), 10_000)
    expect(links).toHaveLength(2)
  })

  it('is made to a few addresses at once, and to none that is none', () => {
    for (let port = 1; port <= 100; port++) introductions.send(`tcp://a:${port}`, [], 0)
    expect(links).toHaveLength(16)
    introductions.closeIdle(5_000)
    expect(() => introductions.send('nowhere', [], 5_000)).toThrow(
      expect.objectContaining({ code: 'CT_BAD_ADDRESS' }),
    )
  })
})
