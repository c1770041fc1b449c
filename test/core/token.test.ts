/** A token as text compares as the token does, and no two tokens have the same text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fenceOf, tokenText, type Token } from '../../src/core/token.ts'

const tokens: fc.Arbitrary<Token> = fc.record({
  epoch: fc.oneof(fc.nat({ max: 20 }), fc.maxSafeNat()),
  nonce: fc.constantFrom('0123456789abcdef', 'fedcba9876543210'),
  sequence: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 999_999_999_999 })),
})

describe('a token', () => {
  it('is a fence of fixed width, then the nonce', () => {
    const token = { epoch: 7, nonce: 'feedfacefeedface', sequence: 42 }
    expect(fenceOf(token)).toBe('0000000000000007-000000000042')
    expect(tokenText(token)).toBe('0000000000000007-000000000042-feedfacefeedface')
  })

  it('orders as text by epoch, then by sequence', () => {
    const order = (a: Token, b: Token) => a.epoch - b.epoch || a.sequence - b.sequence
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        const [left, right] = [fenceOf(a), fenceOf(b)]
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(Math.sign(order(a, b)))
      }),
    )
  })

  it('has a text of its own', () => {
    const isSame = (a: Token, b: Token) =>
      a.epoch === b.epoch && a.nonce === b.nonce && a.sequence === b.sequence
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        expect(tokenText(a) === tokenText(b)).toBe(isSame(a, b))
        expect(tokenText(a).startsWith(fenceOf(a))).toBe(true)
      }),
    )
  })
})
