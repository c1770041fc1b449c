/** Frame 0 of every message, and that no bytes of a peer cause anything but a `WireError`. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packHeader, unpackHeader, type Header } from '../../src/wire/header.ts'
import { decodeOpen, decodeOrders, encodeOrders } from '../../src/wire/orders.ts'
import { decodePublished, encodePublished } from '../../src/wire/published.ts'
import { decodeReply } from '../../src/wire/replies.ts'
import { decodeReport, encodeReport } from '../../src/wire/report.ts'
import { decodeEnqueue, decodeRequest, encodeRequest } from '../../src/wire/requests.ts'
import { WireError } from '../../src/wire/wire-error.ts'
import { anyHeld, anyInfo, anyOrder, anyResult } from '../core/any-message.ts'

type Frames = readonly Uint8Array[]

const decoders: readonly ((header: Header, frames: Frames) => unknown)[] = [
  ...[decodeOpen, decodeOrders, decodeReport, decodeRequest, decodeEnqueue, decodeReply],
  (_, frames) => decodePublished([Buffer.from('job.done'), ...frames]),
]

/** Throws whatever is no `WireError`. */
function decodeAll(frames: Frames): void {
  for (const decode of decoders) {
    try {
      decode(unpackHeader(frames[0]), frames)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
    }
  }
}

const anyMessage: fc.Arbitrary<Frames> = fc.oneof(
  fc.array(anyOrder, { maxLength: 3 }).map((orders) => {
    const stream = { incarnation: 'a', stream: 's', epoch: 1, ping: 1 }
    return encodeOrders({ ...stream, orders, answers: [{ entry: 1, answer: 'gone' }] })
  }),
  fc.tuple(fc.array(anyResult, { maxLength: 3 }), anyInfo, anyHeld).map(([results, info, held]) => {
    const counts = { number: 1, credit: 1, ping: 1, through: 0 }
    const report = { incarnation: 'a', stream: 's', ...counts, also: [1], leaving: false }
    return encodeReport({ ...report, results, info, held: [held] })
  }),
  fc.uint8Array().map((instructions) => {
    const jobs = [{ id: 'job', priority: 0, sentMs: 0, instructions }]
    return encodeRequest({ type: 'enqueue', request: 1, pipeline: 'films', jobs })
  }),
)

/** Names of fields that decoders look at. */
const anyField = fc.constantFrom(
  ...['request', 'pipeline', 'jobs', 'id', 'ids', 'query', 'items', 'orders', 'answers', 'info'],
  ...['results', 'held', 'also', 'incarnation', 'stream', 'epoch', 'ping', 'fields', 'source'],
)
const anyType = fc.constantFrom(
  ...['open', 'orders', 'report', 'enqueue', 'get', 'wait', 'list', 'event'],
  ...['enqueued', 'job', 'settled', 'hello'],
)

describe('a header', () => {
  it('arrives as it was sent', () => {
    expect(unpackHeader(packHeader('get', { request: 7, id: 'é' }))).toEqual({
      ...{ v: 1, type: 'get', request: 7, id: 'é' },
    })
  })

  it('may be JSON', () => {
    const text = '{"v": 1, "type": "hello"}'
    expect(unpackHeader(Buffer.from(text))).toEqual({ v: 1, type: 'hello' })
  })

  it.each([
    ['nothing', undefined, 'malformed'],
    ['no bytes', new Uint8Array(), 'malformed'],
    ['half of some JSON', Buffer.from('{"v": 1'), 'malformed'],
    ['a number', Uint8Array.of(1), 'malformed'],
    ['a list', Uint8Array.of(0x90), 'malformed'],
    ['no type', Buffer.from('{"v": 1}'), 'malformed'],
    ['no version', Buffer.from('{"type": "hello"}'), 'unsupported'],
    ['another version', Buffer.from('{"v": 2, "type": "hello"}'), 'unsupported'],
    ['more than 16 MiB', new Uint8Array(16 * 1024 * 1024 + 1), 'malformed'],
  ])('of %s is refused', (_, frame, kind) => {
    expect(() => unpackHeader(frame)).toThrow(expect.objectContaining({ name: 'WireError', kind }))
  })
})

describe('a published event', () => {
  it('arrives as it was sent', () => {
    const event = { topic: 'job.done', source: 'm', sequence: 3, atMs: 5, fields: { id: 'job' } }
    expect(decodePublished(encodePublished(event))).toEqual(event)
  })
})

describe('decoding throws nothing but WireError', () => {
  it('for random bytes', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 })
    fc.assert(fc.property(frames, decodeAll), { numRuns: 2_000 })
  })

  it('for messages with a few wrong bytes', () => {
    const wrong = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(anyMessage, wrong, (frames, changes) => {
        const header = Uint8Array.from(frames[0] ?? [])
        for (const [at, byte] of changes) header[at % header.length] = byte
        decodeAll([header, ...frames.slice(1)])
      }),
      { numRuns: 1_000 },
    )
  })

  it('for any value in any field', () => {
    const fields = fc.dictionary(anyField, fc.jsonValue({ maxDepth: 3 }))
    fc.assert(
      fc.property(anyType, fields, (type, values) => {
        const header = packHeader(type, values)
        decodeAll([header])
        decodeAll([header, Uint8Array.of(0x80), Uint8Array.of(0x80)])
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses a version that cannot even be printed', () => {
    const frame = Buffer.from('{"type":"x","v":{"toString":1,"valueOf":1}}')
    expect(() => unpackHeader(frame)).toThrow(WireError)
  })
})
