// It is a Map to whoever keeps growing numbers in it, in whatever order they leave.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NumberWindow } from '../../src/core/number-window.ts'

interface Item {
  readonly text: string
}

const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ skip: fc.constantFrom(0, 0, 0, 1, 7), text: fc.string() }) },
  { weight: 3, arbitrary: fc.constant('drop the first' as const) },
  { weight: 3, arbitrary: fc.record({ drop: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ change: fc.nat(60), text: fc.string() }) },
)

it('answers as a Map does whose keys grow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.array(command, { maxLength: 400, size: 'max' }),
      (start, commands) => {
        const map = new Map<number, Item>()
        const tested = new NumberWindow<Item>()
        let next = start
        for (const one of commands) {
          const [first] = map.keys()
          if (one === 'drop the first') {
            if (first !== undefined) drop(first)
          } else if ('drop' in one) {
            drop(next - one.drop)
          } else if ('change' in one) {
            const number = next - one.change
            if (map.has(number)) put(number, { text: one.text })
          } else {
            next += one.skip
            put(next, { text: one.text })
            next += 1
          }
          expect(tested.size).toBe(map.size)
          expect(tested.first).toBe(map.keys().next().value)
        }
        expect([...tested]).toEqual([...map])
        expect([...tested.keys()]).toEqual([...map.keys()])

        function put(number: number, item: Item) {
          map.set(number, item)
          tested.set(number, item)
          expect(tested.get(number)).toBe(item)
        }

        function drop(number: number) {
          map.delete(number)
          tested.delete(number)
          expect(tested.get(number)).toBeUndefined()
        }
      },
    ),
    { numRuns: 200 },
  )
})

it('has only the newest, when each leaves as the next one comes', () => {
  const window = new NumberWindow<Item>()
  window.set(1, { text: 'first' })
  for (let number = 2; number < 10_000; number++) {
    window.set(number, { text: 'later' })
    window.delete(number - 1)
  }
  expect(window.size).toBe(1)
  expect(window.first).toBe(9_999)
})

it('refuses a number that was given up', () => {
  const window = new NumberWindow<Item>()
  window.set(5, { text: 'gone' })
  window.set(6, { text: 'there' })
  window.delete(5)
  expect(() => window.set(5, { text: 'back' })).toThrow('numbers grow')
})
