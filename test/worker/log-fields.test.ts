/** Whatever a phase logs is a line of JSON, and never an error. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shownFields, shownText } from '../../src/worker/log-fields.ts'
import { packHeader } from '../../src/wire/header.ts'

it('what can be logged as it is stays as it is', () => {
  const fields = { n: 1, text: 'a', list: [1, { deep: null }], flag: true }
  expect(shownFields(fields)).toEqual(fields)
})

it('what cannot travel is shown as text', () => {
  const cycle: Record<string, unknown> = { name: 'request' }
  cycle['self'] = cycle
  const shown = shownFields({
    ...{ size: 5n, cycle, ratio: Number.NaN, run: Symbol('s'), error: new TypeError('no') },
    ...{ at: new Date(0), map: new Map([[1, 2]]), bytes: new Uint8Array(3), none: undefined },
    content: Buffer.alloc(1_000_000),
    get broken(): unknown {
      throw new Error('boo')
    },
  })
  expect(shown).toMatchObject({
    ...{ size: '5', cycle: { name: 'request', self: '(cycle)' }, ratio: 'NaN', run: 'Symbol(s)' },
    ...{ error: { name: 'TypeError', message: 'no' }, at: '1970-01-01T00:00:00.000Z' },
    ...{ map: '[object Map]', bytes: '[object Uint8Array]', content: '[object Uint8Array]' },
    broken: '(cannot be read: Error: boo)',
  })
  expect(Object.hasOwn(shown, 'none')).toBe(false)
})

it('an error in the place of the fields is shown', () => {
  expect(shownFields(new TypeError('no'))).toMatchObject({
    error: { name: 'TypeError', message: 'no' },
  })
})

it('nothing that is logged throws, and all of it can be written and sent', () => {
  const anything = fc.anything({ withBigInt: true, withMap: true, withSet: true, withDate: true })
  fc.assert(
    fc.property(anything, anything, (message, fields) => {
      const shown = shownFields(fields)
      expect(() => JSON.stringify([shownText(message), shown])).not.toThrow()
      expect(() => packHeader('event', { fields: shown })).not.toThrow()
    }),
  )
  let deep: object = {}
  for (let level = 0; level < 20_000; level++) deep = { deep }
  expect(JSON.stringify(shownFields(deep)).length).toBeLessThan(200)
})
