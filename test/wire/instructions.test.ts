// Instructions as bytes: what travels comes back equal, what does not is refused with its path.
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { decodeInstructions, encodeInstructions } from '../../src/wire/instructions.ts'
import { depthMax } from '../../src/wire/plain-values.ts'

const key = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text !== '__proto__')
const scalar = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }).map((number) => (number === 0 ? 0 : number)),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}))
const instructions = fc.dictionary(key, value, { maxKeys: 20, noNullPrototype: true })

const text = (json: string) => new TextEncoder().encode(json)
const roundTrip = (given: object) => decodeInstructions(encodeInstructions(given))

describe('instructions', () => {
  it('come back equal from the trip', () => {
    fc.assert(
      fc.property(instructions, (given) => {
        expect(roundTrip(given)).toEqual(given)
      }),
    )
  })

  it('are the same bytes again when they are decoded and encoded', () => {
    fc.assert(
      fc.property(instructions, (given) => {
        const bytes = encodeInstructions(given)
        expect(encodeInstructions(decodeInstructions(bytes))).toEqual(bytes)
      }),
    )
  })

  it('never throw anything but CT_BAD_INSTRUCTIONS over foreign bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          encodeInstructions(decodeInstructions(bytes))
        } catch (error) {
          expect(error).toMatchObject({ code: 'CT_BAD_INSTRUCTIONS' })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('are a MessagePack map in its shortest form', () => {
    expect([...encodeInstructions({ a: 1 })]).toEqual([0x81, 0xa1, 0x61, 0x01])
  })

  it('may be more than 65,535 properties', () => {
    const many = Object.fromEntries(
      Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]),
    )
    expect(roundTrip(many)).toEqual(many)
  })

  it('may be JSON text', () => {
    const bytes = text('{"videoPath":"/tmp/ä.mp4","n":[1,2.5,null]}')
    expect(decodeInstructions(bytes)).toEqual({ videoPath: '/tmp/ä.mp4', n: [1, 2.5, null] })
  })

  it('keep awkward keys as plain properties', () => {
    const awkward = { constructor: 1, hasOwnProperty: 2, toJSON: 3, toString: { constructor: 'x' } }
    expect(roundTrip(awkward)).toEqual(awkward)
  })
})

describe('what a value becomes', () => {
  class Clip {
    name = 'a'
    #secret = 1
    length() {
      return this.#secret
    }
  }
  class Money {
    cents = 5
    toJSON() {
      return { eur: this.cents / 100 }
    }
  }
  const at = new Date('2026-01-02T03:04:05.678Z')

  it.each([
    ['a Date its ISO text', { at }, { at: '2026-01-02T03:04:05.678Z' }],
    ['an invalid Date null', { at: new Date(NaN) }, { at: null }],
    ['a class instance its own properties', { clip: new Clip() }, { clip: { name: 'a' } }],
    ['an object with toJSON what that returns', { price: new Money() }, { price: { eur: 0.05 } }],
    ['an undefined property nothing', { a: undefined, b: { c: undefined } }, { b: {} }],
    ['undefined in a list null', { list: [1, undefined, 3] }, { list: [1, null, 3] }],
    ['a small bigint a number', { n: 5n }, { n: 5 }],
    ['a large bigint itself', { n: 2n ** 63n }, { n: 2n ** 63n }],
    [
      'an object without prototype a plain one',
      Object.assign(Object.create(null), { a: 1 }),
      { a: 1 },
    ],
    [
      'the same object twice two objects',
      { a: [at], b: [at] },
      { a: [at.toJSON()], b: [at.toJSON()] },
    ],
  ])('%s', (_, given: object, arrived) => {
    expect(roundTrip(given)).toEqual(arrived)
  })

  it('bytes bytes', () => {
    const { bytes } = roundTrip({ bytes: new Uint8Array([1, 2]) })
    expect(bytes).toBeInstanceOf(Uint8Array)
    expect([...(bytes as Uint8Array)]).toEqual([1, 2])
  })

  it('a MessagePack timestamp its ISO text', () => {
    expect(decodeInstructions(new Packr({ useRecords: false }).pack({ at }))).toEqual({
      at: at.toJSON(),
    })
  })
})

describe('what does not travel', () => {
  const cycle: { self?: unknown; list: unknown[] } = { list: [] }
  cycle.list.push({ back: cycle })
  const deep = () => {
    let nested: unknown = 1
    for (let level = 0; level < depthMax; level++) nested = [nested]
    return { nested }
  }
  const polluting: object = JSON.parse('{"a":{"__proto__":{"admin":true}}}')

  it.each<[string, object, string]>([
    ['a function', { segments: [{ ok: 1 }, { encode: () => 1 }] }, 'segments[1].encode'],
    ['a symbol', { a: Symbol('x') }, 'a'],
    ['a bigint of more than 64 bits', { a: { b: 2n ** 64n } }, 'a.b'],
    ['a Map', { 'by name': new Map() }, '["by name"]'],
    ['a Set', { a: [new Set()] }, 'a[0]'],
    ['a Promise', { a: Promise.resolve() }, 'a'],
    ['a String object', { a: Object('text') as unknown }, 'a'],
    ['a Number object', { a: Object(1) as unknown }, 'a'],
    ['a Boolean object', { a: Object(true) as unknown }, 'a'],
    ['an Error', { a: new TypeError('x') }, 'a'],
    ['a RegExp', { a: /x/ }, 'a'],
    ['a Float32Array', { a: new Float32Array(1) }, 'a'],
    ['an ArrayBuffer', { a: new ArrayBuffer(1) }, 'a'],
    ['a cycle', cycle, 'list[0].back'],
    [`more than ${depthMax} levels deep`, deep(), `nested${'[0]'.repeat(depthMax - 1)}`],
    ['a key that is never allowed', polluting, 'a.__proto__'],
  ])('%s is refused with its path', (found, given, path) => {
    expect(() => encodeInstructions(given)).toThrow(
      expect.objectContaining({ code: 'CT_BAD_INSTRUCTIONS', details: { path, found } }),
    )
  })

  it.each<[string, object]>([
    ['a list of 1', [1]],
    ['bytes', new Uint8Array(1)],
    ['a Map', new Map()],
  ])('%s is refused as the whole', (what, given) => {
    expect(() => encodeInstructions(given)).toThrow(`the instructions are ${what}`)
  })

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a number', Uint8Array.of(1)],
    ['a list', Uint8Array.of(0x91, 1)],
    ['cut MessagePack', Uint8Array.of(0x82, 0xa1, 0x61, 0x01)],
    ['MessagePack with something after it', Uint8Array.of(0x81, 0xa1, 0x61, 0x01, 0x01)],
    ['cut JSON', text('{"a":')],
    ['JSON that is not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['a RegExp of msgpackr', new Packr({ useRecords: false, moreTypes: true }).pack({ a: /x/ })],
    ['a forbidden key', text('{"a":{"__proto__":{"admin":true}}}')],
  ])('%s is refused when decoding', (_, bytes) => {
    expect(() => decodeInstructions(bytes)).toThrow(
      expect.objectContaining({ code: 'CT_BAD_INSTRUCTIONS' }),
    )
  })

  it('leaves the prototype of objects alone, whatever key a MessagePack map has', () => {
    const bytes = Uint8Array.of(0x81, 0xa9, ...text('__proto__'), 0x81, 0xa1, 0x61, 0x01)
    const decoded = decodeInstructions(bytes)
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
    expect(Reflect.get({}, 'a')).toBeUndefined()
  })
})
