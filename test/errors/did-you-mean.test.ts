// The nearest word: near enough to help, far enough from guessing.
import { describe, expect, it } from 'vitest'
import { closest, didYouMean } from '../../src/errors/did-you-mean.ts'

const options = ['jobType', 'input', 'retry', 'timeout', 'concurrency']

describe('closest', () => {
  it.each([
    ['timeuot', 'timeout'],
    ['TIMEOUT', 'timeout'],
    ['time_out', 'timeout'],
    ['retyr', 'retry'],
    ['jobtype', 'jobType'],
    ['concurrancy', 'concurrency'],
  ])('%s is %s', (word, meant) => {
    expect(closest(word, options)).toBe(meant)
  })

  it.each(['gpu', 'entry', 'output', 'x', '', 'a much longer text than any option'])(
    '"%s" is nothing',
    (word) => {
      expect(closest(word, options)).toBeUndefined()
    },
  )

  it('takes the first of equals', () => {
    expect(closest('hasx', ['hash', 'hasy'])).toBe('hash')
  })
})

describe('didYouMean', () => {
  it('completes a sentence, or adds nothing', () => {
    expect(didYouMean('hsah', ['hash'])).toBe('; did you mean "hash"?')
    expect(didYouMean('gpu', ['hash'])).toBe('')
  })
})
