/** A priority queue: whatever goes in comes out in order, however it arrives. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { RunAndHeap } from '../../src/core/run-and-heap.ts'

it('gives the smallest first, like a sorted list', () => {
  const item = fc.record({ key: fc.integer({ min: 0, max: 20 }), id: fc.nat() })
  const command = fc.oneof({ weight: 3, arbitrary: item }, fc.constant('pop' as const))
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new RunAndHeap<{ key: number }>((a, b) => a.key < b.key)
      const model: number[] = []
      for (const next of commands) {
        if (next === 'pop') expect(queue.pop()?.key).toBe(model.shift())
        else {
          queue.push(next)
          model.push(next.key)
          model.sort((a, b) => a - b)
        }
        expect(queue.peek()?.key).toBe(model[0])
      }
      expect(
        queue
          .drain()
          .map(({ key }) => key)
          .sort((a, b) => a - b),
      ).toEqual(model)
      expect(queue.peek()).toBeUndefined()
    }),
  )
})
