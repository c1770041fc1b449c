// It is a Map to whoever uses it, whatever comes and goes; only the memory behind it is another.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TransientMap } from '../../src/core/transient-map.ts'

const key = fc.nat(40)
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ set: key, value: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ drop: key }) },
  { weight: 1, arbitrary: fc.constant({ clear: true } as const) },
)

it('answers as a Map does, in the order of a Map', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 1_500, size: 'max' }), (commands) => {
      const map = new Map<number, number>()
      const tested = new TransientMap<number, number>()
      for (const one of commands) {
        if ('set' in one) {
          map.set(one.set, one.value)
          tested.set(one.set, one.value)
          expect(tested.get(one.set)).toBe(one.value)
        } else if ('drop' in one) {
          expect(tested.delete(one.drop)).toBe(map.delete(one.drop))
          expect(tested.has(one.drop)).toBe(false)
        } else {
          map.clear()
          tested.clear()
        }
        expect(tested.size).toBe(map.size)
      }
      expect([...tested]).toEqual([...map])
      expect([...tested.keys()]).toEqual([...map.keys()])
      expect([...tested.values()]).toEqual([...map.values()])
    }),
    { numRuns: 50 },
  )
})

it('lets entries be removed while somebody iterates', () => {
  const tested = new TransientMap<number, string>()
  for (let n = 0; n < 5_000; n++) tested.set(n, 'there')
  for (const n of tested.keys()) if (n % 2 === 0) tested.delete(n)
  expect([...tested.keys()].slice(0, 3)).toEqual([1, 3, 5])
  expect(tested.size).toBe(2_500)
})

it('shows whoever iterates what has been changed meanwhile', () => {
  const tested = new TransientMap<number, string>()
  for (let n = 0; n < 200; n++) tested.set(n, 'old')
  for (const [n, value] of tested) {
    expect(value).toBe(n === 0 ? 'old' : 'new')
    if (tested.has(n + 1)) tested.set(n + 1, 'new')
  }
})
