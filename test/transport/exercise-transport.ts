/**
 * What every transport does, whatever it goes over: src/transport/contract.ts in tests. Nothing here
 * sleeps; that something does *not* arrive is seen by what was sent after it.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frameBytesMax, type Transport } from '../../src/transport/contract.ts'
import { until } from '../wait.ts'
import { anyPort, APlace, message, text, texts } from './a-place.ts'

let place: APlace

export function exerciseTransport(name: string, create: () => Transport): void {
  describe(`transport: ${name}`, () => {
    beforeEach(() => {
      place = new APlace(create())
    })
    afterEach(() => place.close())

    describe('an address', addresses)
    describe('a link', links)
    describe('messages', messages)
    describe('a router', routers)
    describe('a publisher', publishers)
    describe('the wrong kind of door', wrongDoors)
  })
}

function addresses(): void {
  it.each(['tcp://127.0.0.1:*', 'tcp://127.0.0.1:0'])(
    '%s is bound to a free port',
    async (bind) => {
      const { address, messages } = await place.pull({ bind: [bind] })
      expect(address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d+$/)
      await sendsOne(address)
      expect(texts(await messages.times(1))).toEqual(['here'])
    },
  )

  it('with the name of a host is bound, and told as given', async () => {
    const { address, messages } = await place.pull({ bind: ['tcp://localhost:*'] })
    expect(address).toMatch(/^tcp:\/\/localhost:[1-9]\d+$/)
    await sendsOne(address)
    await messages.times(1)
  })

  it('may be one of several of a door', async () => {
    const { door, messages } = await place.pull({ bind: [anyPort, anyPort] })
    expect(new Set(door.addresses).size).toBe(2)
    for (const address of door.addresses) await sendsOne(address)
    await messages.times(2)
  })

  it('in use is refused, and nothing stays open of the door that wanted it', async () => {
    const { address, messages } = await place.pull()
    const vacant = await place.vacantAddress()
    await expect(place.router({ bind: [vacant, address] })).rejects.toMatchObject({
      code: 'CT_ADDRESS_IN_USE',
      details: { address },
    })
    await until(async () => (await place.transport.probe(vacant, 1_000)) === 'refused', {
      what: 'the other address is free again',
    })
    await sendsOne(address)
    await messages.times(1)
  })

  it('that is none is refused by every door and link', async () => {
    const bad = { code: 'CT_BAD_ADDRESS' }
    await expect(place.pull({ bind: ['nowhere'] })).rejects.toMatchObject(bad)
    await expect(place.sub({ connect: ['tcp://a:b'] })).rejects.toMatchObject(bad)
    expect(() => place.push('tcp://a')).toThrow(expect.objectContaining(bad))
    expect(() => place.dealer('udp://a:1')).toThrow(expect.objectContaining(bad))
  })

  it('is probed: open while a door is there, refused before and after', async () => {
    const { door, address } = await place.pull()
    expect(await place.transport.probe(address, 1_000)).toBe('open')
    door.close()
    await until(async () => (await place.transport.probe(address, 1_000)) === 'refused', {
      what: 'the door is closed',
    })
  })
}

async function sendsOne(address: string): Promise<void> {
  const { link, ups } = place.push(address)
  await ups.times(1)
  link.send(message('here'))
}

function links(): void {
  it('may be there before its door', async () => {
    const address = await place.vacantAddress()
    const { link, ups } = place.push(address)
    expect(link).toMatchObject({ address, isUp: false })
    const { messages } = await place.pull({ bind: [address] })
    await ups.times(1)
    expect(link.isUp).toBe(true)
    link.send(message('here'))
    expect(texts(await messages.times(1))).toEqual(['here'])
  })

  it('loses what is sent before it is up', async () => {
    const address = await place.vacantAddress()
    const { link, ups } = place.push(address)
    link.send(message('early'))
    await link.flushed()
    const { messages } = await place.pull({ bind: [address] })
    await ups.times(1)
    link.send(message('late'))
    expect(texts(await messages.times(1))).toEqual(['late'])
  })

  it('carries what is sent once it is up, however shortly before that was tried in vain', async () => {
    for (let round = 0; round < 10; round++) {
      const { address, messages } = await place.pull()
      const { link, ups } = place.push(address)
      while (ups.all.length === 0) {
        link.send(message('early'))
        await link.flushed()
        await new Promise((resolve) => setImmediate(resolve))
      }
      link.send(message('up'))
      await until(() => texts(messages.all).includes('up'), { what: `it arrives, round ${round}` })
    }
  })

  it('goes down with its door, and comes up at the next one there; between, messages are lost', async () => {
    const first = await place.pull()
    const { link, ups, downs } = place.push(first.address)
    await ups.times(1)
    first.door.close()
    await downs.times(1)
    expect(link.isUp).toBe(false)
    link.send(message('lost'))
    await link.flushed()
    const second = await place.reopened(first, (at) => place.pull(at))
    await ups.times(2)
    link.send(message('new'))
    expect(texts(await second.messages.times(1))).toEqual(['new'])
    expect(first.messages.all).toEqual([])
  })

  it('that was closed delivers nothing to the next door at its address', async () => {
    const first = await place.pull()
    const old = place.push(first.address)
    await old.ups.times(1)
    first.door.close()
    for (let n = 0; n < 100; n++) old.link.send(message('old'))
    await old.downs.times(1)
    for (let n = 0; n < 100; n++) old.link.send(message('old'))
    old.link.close()
    const second = await place.reopened(first, (at) => place.pull(at))
    const fresh = place.push(first.address)
    await fresh.ups.times(1)
    fresh.link.send(message('new'))
    expect(texts(await second.messages.times(1))).toEqual(['new'])
  })

  it('may be closed twice, sends nothing afterwards, and is heard of no more', async () => {
    const { door, address, messages } = await place.pull()
    const closed = place.push(address)
    const open = place.push(address)
    await Promise.all([closed.ups.times(1), open.ups.times(1)])
    closed.link.close()
    closed.link.close()
    closed.link.send(message('closed'))
    await closed.link.flushed()
    open.link.send(message('open'))
    expect(texts(await messages.times(1))).toEqual(['open'])
    door.close()
    await open.downs.times(1)
    expect(closed.downs.all).toEqual([])
  })
}

function messages(): void {
  it('arrive in the order of each link, none is missing', async () => {
    const { address, messages } = await place.pull()
    const links = [place.push(address), place.push(address), place.push(address)]
    await Promise.all(links.map(({ ups }) => ups.times(1)))
    const count = 3_000
    for (let n = 0; n < count; n++) {
      for (const [of, { link }] of links.entries()) link.send(message(`${of}`, `${n}`))
    }
    const all = texts(await messages.times(links.length * count))
    for (const of of links.keys()) {
      const mine = all.filter((one) => one.startsWith(`${of}|`))
      expect(mine).toEqual(Array.from({ length: count }, (_, n) => `${of}|${n}`))
    }
  })

  it('do not arrive within the turn in which they were sent', async () => {
    const { address, messages } = await place.pull()
    const { link, ups } = place.push(address)
    await ups.times(1)
    link.send(message('one'))
    expect(messages.all).toEqual([])
    await Promise.resolve()
    expect(messages.all).toEqual([])
    await messages.times(1)
  })

  it('keep their frames: many, empty ones, and big ones', async () => {
    const { address, messages } = await place.pull()
    const { link, ups } = place.push(address)
    await ups.times(1)
    const big = new Uint8Array(1024 * 1024).fill(7)
    const many = Array.from({ length: 1_000 }, (_, n) => Uint8Array.of(n % 256))
    link.send([big, new Uint8Array(0), ...many])
    const [frames = []] = await messages.times(1)
    expect(frames).toHaveLength(1_002)
    expect(Buffer.compare(frames[0] ?? big.subarray(1), big)).toBe(0)
    expect(frames[1]).toHaveLength(0)
    expect(frames.slice(2).map((frame) => frame[0])).toEqual(many.map((frame) => frame[0]))
  })

  it('with a frame that is too large cut the connection', async () => {
    const { address, messages } = await place.pull()
    const { link, ups, downs } = place.push(address)
    await ups.times(1)
    link.send([new Uint8Array(frameBytesMax + 1)])
    await downs.times(1)
    await ups.times(2)
    link.send(message('small'))
    expect(texts(await messages.times(1))).toEqual(['small'])
  })
}

function routers(): void {
  it('answers each peer', async () => {
    const { door, address, messages } = await place.router()
    const dealers = ['a', 'b'].map((name) => ({ name, ...place.dealer(address) }))
    for (const { name, link, ups } of dealers) {
      await ups.times(1)
      link.send(message(name))
    }
    for (const { peer, text: name } of await messages.times(2)) {
      door.send(peer, message('answer', name))
      door.send(peer, message('more', name))
    }
    for (const { name, messages: answers } of dealers) {
      expect(texts(await answers.times(2))).toEqual([`answer|${name}`, `more|${name}`])
    }
  })

  it('has a new name for a peer that has come again, and forgets the old one', async () => {
    const { door, address, messages } = await place.router()
    const first = place.dealer(address)
    await first.ups.times(1)
    first.link.send(message('first'))
    const [old] = await messages.times(1)
    first.link.close()
    const second = place.dealer(address)
    await second.ups.times(1)
    second.link.send(message('second'))
    const [, current] = await messages.times(2)
    expect(current?.peer).not.toBe(old?.peer)
    door.send(old?.peer ?? '', message('old'))
    door.send('nobody', message('nobody'))
    door.send(current?.peer ?? '', message('new'))
    expect(texts(await second.messages.times(1))).toEqual(['new'])
  })

  it('comes back at its address, and its peers with it', async () => {
    const first = await place.router()
    const { link, ups, downs } = place.dealer(first.address)
    await ups.times(1)
    first.door.close()
    first.door.close()
    first.door.send('nobody', message('closed'))
    await downs.times(1)
    const second = await place.reopened(first, (at) => place.router(at))
    await ups.times(2)
    link.send(message('again'))
    expect((await second.messages.times(1))[0]?.text).toBe('again')
  })
}

function publishers(): void {
  it('is told of every subscription, and what it publishes then arrives', async () => {
    const { door, address, subscriptions } = await place.pub()
    door.publish(message('nobody is there'))
    const first = await place.sub({ connect: [address] })
    await subscriptions.times(1)
    door.publish(message('hello', '1'))
    const second = await place.sub({ connect: [address] })
    await subscriptions.times(2)
    door.publish(message('hello', '2'))
    expect(texts(await first.messages.times(2))).toEqual(['hello|1', 'hello|2'])
    expect(texts(await second.messages.times(1))).toEqual(['hello|2'])
  })

  it('is told what topics are wanted, and sends a subscriber no others', async () => {
    const { door, address, subscriptions } = await place.pub()
    const few = await place.sub({ connect: [address], topics: ['job.log', 'worker.'] })
    await subscriptions.times(2)
    const all = await place.sub({ connect: [address] })
    await subscriptions.times(3)
    expect(subscriptions.all.toSorted()).toEqual(['', 'job.log', 'worker.'])
    for (const topic of ['job.done', 'job.log', 'worker.lost']) door.publish(message(topic))
    expect(texts(await few.messages.times(2))).toEqual(['job.log', 'worker.lost'])
    expect(texts(await all.messages.times(3))).toEqual(['job.done', 'job.log', 'worker.lost'])
  })

  it('is told when a subscriber has gone', async () => {
    const { door, address, ends, subscriptions } = await place.pub()
    const leaver = await place.sub({ connect: [address] })
    const stayer = await place.sub({ connect: [address] })
    await subscriptions.times(2)
    leaver.door.close()
    await ends.times(1)
    door.publish(message('still'))
    expect(texts(await stayer.messages.times(1))).toEqual(['still'])
    expect(ends.all).toHaveLength(1)
  })

  it('misses nothing to who follows other topics and doors meanwhile, and keeps what it had', async () => {
    const one = await place.pub()
    const other = await place.pub()
    const sub = await place.sub({ connect: [one.address], topics: ['log', 'rare'] })
    await one.subscriptions.times(2)
    let number = 0
    const publish = () => one.door.publish(message('log', String((number += 1))))
    for (let turn = 0; turn < 20; turn++) {
      publish()
      sub.door.follow([one.address, other.address], ['log', 'progress'])
      publish()
      sub.door.follow([other.address, one.address], ['progress', 'log'])
      publish()
      sub.door.follow([one.address], ['log', 'rare'])
      publish()
    }
    expect(texts(await sub.messages.times(number))).toEqual(
      Array.from({ length: number }, (_, at) => `log|${at + 1}`),
    )
  })

  it('sends nothing any more of a topic that is no longer followed, nor at a door that is not', async () => {
    const one = await place.pub()
    const other = await place.pub()
    const sub = await place.sub({ connect: [one.address], topics: ['log', 'rare'] })
    await one.subscriptions.times(2)
    sub.door.follow([one.address, other.address], ['progress'])
    await Promise.all([one.subscriptions.times(3), one.ends.times(2)])
    await other.subscriptions.times(1)
    expect([one.ends.all.toSorted(), other.subscriptions.all]).toEqual([
      ['log', 'rare'],
      ['progress'],
    ])
    for (const topic of ['log', 'rare', 'progress']) one.door.publish(message(topic))
    await sub.messages.times(1)
    sub.door.follow([other.address], ['progress'])
    await one.ends.times(3)
    other.door.publish(message('progress', 'of the other'))
    expect(texts(await sub.messages.times(2))).toEqual(['progress', 'progress|of the other'])
    expect(() => sub.door.follow(['tcp://nowhere'], [])).toThrow(/nowhere/)
    other.door.publish(message('progress', 'again'))
    expect(texts(await sub.messages.times(3)).at(-1)).toBe('progress|again')
  })

  it('may be the one that connects, and says hello to each subscriber at its address', async () => {
    const first = await place.sub()
    const other = await place.sub()
    const { door, subscriptions } = await place.pub({
      bind: [],
      connect: [first.address, other.address],
    })
    await subscriptions.times(2)
    door.publish(message('hello'))
    await Promise.all([first.messages.times(1), other.messages.times(1)])
    const second = await place.reopened(first, (at) => place.sub(at))
    await subscriptions.times(3)
    door.publish(message('again'))
    expect(texts(await second.messages.times(1))).toEqual(['again'])
    expect(texts(await other.messages.times(2))).toEqual(['hello', 'again'])
    door.close()
    door.close()
    door.publish(message('closed'))
  })
}

function wrongDoors(): void {
  it('is told to a dealer at a pull door, which goes on', async () => {
    const { address, messages } = await place.pull()
    const { link, wrong, ups } = place.dealer(address)
    await wrong.times(1)
    link.send(message('wrong'))
    expect(link.isUp).toBe(false)
    await sendsOne(address)
    expect(text((await messages.times(1))[0] ?? [])).toBe('here')
    expect(ups.all).toEqual([])
  })

  it('is told to a push at a router door', async () => {
    const { address } = await place.router()
    const { link, wrong } = place.push(address)
    await wrong.times(1)
    expect(link.isUp).toBe(false)
  })

  it('may give way to the right one', async () => {
    const wrongOne = await place.router()
    const { ups, wrong } = place.push(wrongOne.address)
    await wrong.times(1)
    await place.reopened(wrongOne, (at) => place.pull(at))
    await ups.times(1)
  })
}
