/** The language of the search: what it takes, and that it says where something is wrong. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meansEverything, parseSearch, searchStates } from '../../src/dashboard/job-search.ts'
import { isCarbontubeError } from '../../src/errors/errors.ts'

const quoted = (text: string) => `"${text.replaceAll(/[\\"]/g, '\\$&')}"`

function problemOf(text: string): string {
  try {
    parseSearch(text)
  } catch (error) {
    if (isCarbontubeError(error) && error.code === 'CT_BAD_SEARCH') return error.message
    throw error
  }
  return ''
}

describe('a search', () => {
  it('is made of terms, all of which count', () => {
    const text = 'state:dead phase:encode pipeline:video worker:box1 error:"no space" id:0193 a.b=c'
    expect(parseSearch(`${text} age>1h age<1.5d`)).toEqual({
      ...{ state: 'dead', phase: 'encode', pipeline: 'video', worker: 'box1', error: 'no space' },
      ...{ id: '0193', olderThanMs: 3_600_000, youngerThanMs: 129_600_000 },
      fields: [{ path: ['a', 'b'], value: 'c' }],
    })
  })

  it('may be empty, and then means every job', () => {
    expect(meansEverything(parseSearch('  '))).toBe(true)
    expect(meansEverything(parseSearch('pipeline:video'))).toBe(true)
    expect(meansEverything(parseSearch('age>0s'))).toBe(true)
    expect(meansEverything(parseSearch('n=1'))).toBe(false)
    expect(meansEverything(parseSearch('n=""'))).toBe(false)
    expect(meansEverything(parseSearch('age>1s'))).toBe(false)
  })

  it('keeps colons and signs in a value', () => {
    expect(parseSearch('error:a:b=c id:x>y').error).toBe('a:b=c')
  })

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['hello', /"hello" is no term.*character 1\)/],
    ['state:dead hello', /character 12\)/],
    ['state:ded', /"ded" is no state.*did you mean "dead"\?.*character 7\)/],
    ['stat:dead', /did you mean "state"\?/],
    ['state:dead state:done', /twice.*character 12\)/],
    ['error:"no end', /does not end.*character 7\)/],
    ['error:"a"b', /blank is missing.*character 10\)/],
    ['id:a"b"', /in the middle.*character 5\)/],
    ['id:', /value is missing.*character 4\)/],
    ['id:""', /value is missing.*character 4\)/],
    ['n=1 error:""', /value is missing.*character 11\)/],
    ['age>soon', /no age.*character 5\)/],
    ['age:1h', /not known/],
    ['a..b=1', /empty name/],
    [':x', /no term/],
  ]
  it.each(wrong)('that reads %s is wrong, and the message says where', (text, message) => {
    expect(problemOf(text)).toMatch(message)
  })
})

describe('any search', () => {
  const value = fc.string({ minLength: 1, maxLength: 30 })
  const term = fc.oneof(
    fc.constantFrom(...searchStates).map((state) => ['state', state] as const),
    fc.tuple(fc.constantFrom('phase', 'pipeline', 'worker', 'error', 'id'), value),
  )

  it('reads back what was quoted', () => {
    const terms = fc.uniqueArray(term, { selector: ([name]) => name })
    const blanks = fc.constantFrom(' ', '  ', '\t')
    fc.assert(
      fc.property(terms, blanks, (list, blank) => {
        const text = list.map(([name, one]) => `${name}:${quoted(one)}`).join(blank)
        expect(parseSearch(text)).toEqual({ ...Object.fromEntries(list), fields: [] })
      }),
    )
  })

  it('reads back paths and their values', () => {
    const name = fc.stringMatching(/^[\w-]{1,10}$/)
    const field = fc.record({ path: fc.array(name, { minLength: 1, maxLength: 5 }), value })
    fc.assert(
      fc.property(fc.array(field, { maxLength: 10 }), (fields) => {
        const text = fields.map((one) => `${one.path.join('.')}=${quoted(one.value)}`).join(' ')
        expect(parseSearch(text).fields).toEqual(fields)
      }),
    )
  })

  it('is understood, or is an error of its own kind', () => {
    const letters = fc.constantFrom(...'state:dead age<>=1h" \\.x'.split(''))
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc.string({ unit: letters, maxLength: 60 }),
    )
    fc.assert(fc.property(text, (one) => typeof problemOf(one) === 'string'))
  })
})
