/** Slices that a message can carry. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { slicesOf } from '../../src/language/slices.ts'

it('slices are all items in their order, none is empty, and none goes on behind its bounds', () => {
  const sizes = fc.array(fc.nat({ max: 50 }), { maxLength: 60 })
  const bounds = fc.record({
    bytesMax: fc.integer({ min: 1, max: 100 }),
    itemsMax: fc.integer({ min: 1, max: 10 }),
  })
  fc.assert(
    fc.property(sizes, bounds, (items, { bytesMax, itemsMax }) => {
      const slices = slicesOf(items, (size) => size, { bytesMax, itemsMax })
      expect(slices.flat()).toEqual(items)
      for (const [at, slice] of slices.entries()) {
        const before = slice.slice(0, -1).reduce((sum, size) => sum + size, 0)
        const all = before + (slice.at(-1) ?? 0)
        expect(slice.length).toBeGreaterThan(0)
        expect(slice.length).toBeLessThanOrEqual(itemsMax)
        expect(before).toBeLessThan(bytesMax)
        const isLast = at === slices.length - 1
        expect(isLast || slice.length === itemsMax || all >= bytesMax).toBe(true)
      }
    }),
  )
})
