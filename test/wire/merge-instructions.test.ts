// What a phase returned, laid over the bytes of its job: as if both were objects, for any of them.
import fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, it } from 'vitest'
import { decodeInstructions, encodeInstructions } from '../../src/wire/instructions.ts'
import { mergeInstructions } from '../../src/wire/merge-instructions.ts'

const job = { a: 1, b: { c: 2 } }

/** As a worker does it: the names are looked at before the phase runs. */
function mergedBytes(bytes: Uint8Array, returned: unknown): Uint8Array {
  return mergeInstructions(bytes, Object.keys(decodeInstructions(bytes)), returned).instructions
}

const merged = (given: object, returned: unknown) =>
  decodeInstructions(mergedBytes(encodeInstructions(given), returned))

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', 'a longer name', 'ключ', 'toJSON', 'constructor'),
  fc.string({ maxLength: 3 }).filter((text) => text !== '__proto__'),
  fc.nat(100_000).map(String),
)
const value = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.dictionary(key, fc.nat()))
const small = fc.dictionary(key, value, { maxKeys: 10, noNullPrototype: true })
const any = fc.oneof(
  small,
  fc.dictionary(key, value, { minKeys: 10, maxKeys: 40, noNullPrototype: true }),
)

describe('mergeInstructions', () => {
  it('is what laying one object over the other is, in the shortest form', () => {
    fc.assert(
      fc.property(any, any, (given, returned) => {
        const bytes = mergedBytes(encodeInstructions(given), returned)
        const expected = { ...given, ...returned }
        expect(decodeInstructions(bytes)).toEqual(expected)
        expect(bytes).toHaveLength(encodeInstructions(expected).length)
      }),
    )
  })

  it('can be done again and again', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 12 }), (all) => {
        let bytes = encodeInstructions({})
        for (const returned of all) bytes = mergedBytes(bytes, returned)
        expect(decodeInstructions(bytes)).toEqual(Object.assign({}, ...all))
      }),
    )
  })

  it('is the same over any foreign bytes that can be read', () => {
    const packed = fc.tuple(any, any).map(([one, other]) => {
      const packr = new Packr({ useRecords: false, useToJSON: false })
      // The longest form of a map, and a name that is in it twice.
      const twice = Buffer.concat([
        encodeInstructions(one).subarray(1),
        packr.pack('a'),
        packr.pack(5),
      ])
      const count = Object.keys(one).length + 1
      if (count > 15) return packr.pack(other)
      return Buffer.concat([Uint8Array.of(0xdf, 0, 0, 0, count), twice])
    })
    const json = any.map((given) => new TextEncoder().encode(JSON.stringify(given)))
    fc.assert(
      fc.property(fc.oneof(packed, json), any, (bytes, returned) => {
        const expected = { ...decodeInstructions(bytes), ...returned }
        expect(decodeInstructions(mergedBytes(bytes, returned))).toEqual(expected)
      }),
    )
  })

  it.each([15, 16, 0xffff, 0x1_0000])('knows how a map of %i names begins', (count) => {
    const many = Object.fromEntries(Array.from({ length: count - 1 }, (_, n) => [`n${n}`, n]))
    expect(merged(many, { last: true })).toEqual({ ...many, last: true })
  })

  it('has bytes of its own, also when nothing is returned', () => {
    const bytes = encodeInstructions(job)
    const result = mergedBytes(bytes, undefined)
    bytes.fill(0)
    expect(decodeInstructions(result)).toEqual(job)
  })

  it('does not merge what the phase did to the object it was given', () => {
    const bytes = encodeInstructions(job)
    const given = decodeInstructions(bytes)
    const names = Object.keys(given)
    Object.assign(given, { a: 'changed', extra: true })
    delete given['b']
    const one = mergeInstructions(bytes, names, { b: 3 })
    expect(decodeInstructions(one.instructions)).toEqual({ a: 1, b: 3 })
    const other = mergeInstructions(bytes, names, { extra: 'own' })
    expect(decodeInstructions(other.instructions)).toEqual({ ...job, extra: 'own' })
  })

  it('lays over shallowly, and says what was set', () => {
    expect(merged(job, { b: { d: 3 }, e: 4 })).toEqual({ a: 1, b: { d: 3 }, e: 4 })
    const { keys } = mergeInstructions(encodeInstructions(job), ['a', 'b'], {
      b: 1,
      e: 4,
      f: undefined,
    })
    expect(keys).toEqual(['b', 'e'])
  })

  it('takes what an object says of itself', () => {
    expect(merged(job, { toJSON: () => ({ e: new Date(0) }) })).toEqual({
      ...job,
      e: '1970-01-01T00:00:00.000Z',
    })
  })

  it.each([undefined, null, {}, { a: undefined, z: undefined }])(
    'changes nothing for %s',
    (returned) => {
      expect(merged(job, returned)).toEqual(job)
    },
  )

  it('does not let a key __proto__ through to the prototype', () => {
    expect(() => merged(job, JSON.parse('{"__proto__":{"admin":true}}'))).toThrow(
      '"__proto__" is a key that is never allowed',
    )
    expect(Reflect.get({}, 'admin')).toBeUndefined()
  })

  it.each([
    ['a list of 2', [1, 2], 'return an object with the list in it'],
    ['a text', 's3://x', 'Return an object'],
    ['a number', 5, 'Return an object'],
    ['a text', new Date(), 'Return an object'],
    ['bytes', new Uint8Array(1), 'Return an object'],
    ['a Map', new Map(), 'Return an object'],
    ['a function', () => 1, 'Return an object'],
  ])('refuses %s and says what to return', (what, returned, hint) => {
    expect(() => merged(job, returned)).toThrow(
      expect.objectContaining({
        code: 'CT_BAD_RESULT',
        message: `the phase returned ${what}, not an object`,
        hint: expect.stringContaining(hint),
      }),
    )
  })
})
