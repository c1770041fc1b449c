/** Requests of clients arrive as they were sent; a plain client may leave out what has a default. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packHeader, unpackHeader } from '../../src/wire/header.ts'
import { checksumOf, decodeEnqueue, decodeRequest } from '../../src/wire/requests.ts'
import { encodeRequest, submittedJob, type Request } from '../../src/wire/requests.ts'
import { anyBytes, anyCount, anyText } from '../core/any-message.ts'
import { asSent } from './as-sent.ts'

const anyItem = fc.record({
  id: anyText,
  priority: fc.integer({ min: -10, max: 10 }),
  sentMs: anyCount,
  instructions: anyBytes,
})
const request = anyCount
const anyQuery = fc.record({ state: anyText, phase: anyText, error: anyText }, { requiredKeys: [] })

const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  fc.record({ type: fc.constantFrom('hello' as const, 'status' as const), request }),
  fc.record({
    ...{ type: fc.constantFrom('drain' as const, 'resumeWorker' as const) },
    ...{ request, worker: anyText },
  }),
  fc.record({ type: fc.constantFrom('get' as const, 'cancel' as const), request, id: anyText }),
  fc.record(
    { type: fc.constantFrom('pause' as const, 'resume' as const), request, phase: anyText },
    { requiredKeys: ['type', 'request'] },
  ),
  fc.record({
    ...{ type: fc.constantFrom('redrive' as const, 'discard' as const), request },
    ids: fc.array(anyText, { maxLength: 5 }),
  }),
  fc.record(
    {
      ...{ type: fc.constant('enqueue' as const), request, pipeline: anyText },
      jobs: fc.array(anyItem, { maxLength: 5 }),
      replay: fc.record({ of: anyText, phase: anyText }),
    },
    { requiredKeys: ['type', 'request', 'pipeline', 'jobs'] },
  ),
  fc.record({
    ...{ type: fc.constant('wait' as const), request, timeoutMs: anyCount },
    ids: fc.array(anyText, { maxLength: 5 }),
  }),
  fc.record({
    ...{ type: fc.constant('list' as const), request, query: anyQuery },
    ...{ after: anyText, limit: anyCount },
  }),
)

const json = (value: object) => Buffer.from(JSON.stringify(value))

describe('a request', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(anyRequest, (sent) => {
        const frames = encodeRequest(sent)
        expect(asSent(decodeRequest(unpackHeader(frames[0]), frames))).toEqual(sent)
      }),
    )
  })

  it('may leave out what has a default', () => {
    const header = unpackHeader(json({ v: 1, type: 'list' }))
    expect(decodeRequest(header, [])).toEqual({
      ...{ type: 'list', request: 0, query: {}, after: '', limit: 100 },
    })
  })

  it.each([
    ['an unknown type', { type: 'drop' }, 'unsupported'],
    ['a number below zero', { type: 'hello', request: -1 }, 'malformed'],
    ['an id that is no text', { type: 'get', id: 7 }, 'malformed'],
    ['ids that are no texts', { type: 'wait', ids: [7], timeoutMs: 1 }, 'malformed'],
    ['a replay of nothing', { type: 'enqueue', pipeline: 'films', replay: {} }, 'malformed'],
    ['a phase that is no text', { type: 'pause', phase: 7 }, 'malformed'],
    ['dead jobs that are no list', { type: 'redrive', ids: 'job' }, 'malformed'],
    ['a query that is a list', { type: 'list', query: [] }, 'malformed'],
    ['no pipeline', { type: 'enqueue', jobs: [] }, 'malformed'],
    ['more jobs than payloads', { type: 'enqueue', pipeline: 'films', jobs: [[]] }, 'malformed'],
  ])('with %s is refused', (_, { type, ...fields }, kind) => {
    const frame = packHeader(type, fields)
    expect(() => decodeRequest(unpackHeader(frame), [frame])).toThrow(
      expect.objectContaining({ name: 'WireError', kind }),
    )
  })
})

describe('an enqueue of a plain client', () => {
  it('is a header in JSON and a payload per job', () => {
    const frames = [json({ v: 1, type: 'enqueue', pipeline: 'films' }), json({ n: 1 }), json({})]
    const { pipeline, jobs } = decodeEnqueue(unpackHeader(frames[0]), frames)
    expect(pipeline).toBe('films')
    expect(jobs).toEqual([
      { id: '', priority: 0, sentMs: 0, instructions: frames[1] },
      { id: '', priority: 0, sentMs: 0, instructions: frames[2] },
    ])
  })

  it('becomes a job under the id that the manager gives it', () => {
    const instructions = new Uint8Array(Buffer.from('foobar'))
    const item = { id: '', priority: 2, sentMs: 5, instructions }
    const made = { ...item, id: 'made', checksum: 0xbf9cf968 }
    expect(submittedJob(item, 'made', { lagMs: 0 })).toEqual(made)
  })

  it('was sent when the client says, in the time of a manager that is behind', () => {
    const item = { id: 'a', priority: 0, sentMs: 7_200_005, instructions: new Uint8Array() }
    const lagMs = 7_200_000
    expect(submittedJob(item, 'a', { lagMs }).sentMs).toBe(5)
    expect(submittedJob({ ...item, sentMs: 0 }, 'a', { lagMs }).sentMs).toBe(0)
  })
})

describe('the checksum', () => {
  // From the list of test vectors that the authors of FNV published.
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of %j is FNV-1a', (text, sum) => {
    expect(checksumOf(Buffer.from(text))).toBe(sum)
  })
})
