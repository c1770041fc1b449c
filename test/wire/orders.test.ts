/** `open` and `orders` arrive as they were sent, and what is malformed is refused by name. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Orders } from '../../src/core/worker-event.ts'
import { packHeader, unpackHeader } from '../../src/wire/header.ts'
import { decodeOpen, decodeOrders, encodeOpen, encodeOrders } from '../../src/wire/orders.ts'
import { anyCount, anyOpen, anyOrder, anyText } from '../core/any-message.ts'
import { asSent } from './as-sent.ts'

const anyOrders: fc.Arbitrary<Orders> = fc.record({
  ...{ incarnation: anyText, stream: anyText, epoch: anyCount, ping: anyCount },
  orders: fc.array(anyOrder, { maxLength: 5 }),
  answers: fc.array(
    fc.record({
      entry: anyCount,
      answer: fc.constantFrom('applied', 'duplicate', 'stale', 'gone'),
    }),
    { maxLength: 5 },
  ),
})

const plain = { incarnation: 'a', stream: 's', epoch: 1, ping: 0, orders: [], answers: [] }

function decoded(fields: Readonly<Record<string, unknown>>): Orders {
  const frame = packHeader('orders', { ...plain, ...fields })
  return decodeOrders(unpackHeader(frame), [frame])
}

describe('open', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(anyOpen, (open) => {
        const [frame] = encodeOpen(open)
        const header = unpackHeader(frame)
        expect(header.type).toBe('open')
        expect(decodeOpen(header)).toEqual(open)
      }),
    )
  })
})

describe('orders', () => {
  it('arrive as they were sent, each grant with its payload', () => {
    fc.assert(
      fc.property(anyOrders, (orders) => {
        const frames = encodeOrders(orders)
        const header = unpackHeader(frames[0])
        expect(header.type).toBe('orders')
        expect(asSent(decodeOrders(header, frames))).toEqual(orders)
      }),
    )
  })

  it.each([
    [
      'a grant without a length',
      { orders: [[1, 0, 1, 'n', 1, 'job', 0, 1, 100]] },
      'length must be',
    ],
    [
      'a grant without a body',
      { orders: [[1, 0, 1, 'n', 1, 'job', 0, 1, 100, 5]] },
      'body is shorter',
    ],
    ['an unknown kind of order', { orders: [[1, 9, 1, 'n', 1]] }, 'unknown kind'],
    ['an unknown reason', { orders: [[1, 1, 1, 'n', 1, 7]] }, 'unknown reason'],
    ['a number below zero', { orders: [[-1, 2]] }, 'order must be'],
    ['a fraction', { orders: [[1.5, 2]] }, 'order must be a whole number, not 1.5'],
    ['an unknown answer', { answers: [[1, 4]] }, 'unknown answer'],
    ['no list of orders', { orders: 'all' }, 'orders must be a list'],
    ['no incarnation', { incarnation: null }, 'incarnation must be text'],
  ])('with %s are refused', (_, fields, message) => {
    expect(() => decoded(fields)).toThrow(
      expect.objectContaining({
        name: 'WireError',
        kind: 'malformed',
        message: expect.stringContaining(message),
      }),
    )
  })
})
