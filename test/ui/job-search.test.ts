/** Chips read and change the text of a search; the text stays what a person would have typed. */
import { describe, expect, it } from 'vitest'
import {
  parseSearch,
  searchText,
  termText,
  termValue,
  withTerm,
  withoutTerm,
} from '../../ui/src/job-search.ts'

describe('a search', () => {
  it('is read as terms', () => {
    expect(parseSearch('state:dead age>1h user.name=Ann error:"no space left"')).toEqual([
      { key: 'state', operator: ':', value: 'dead' },
      { key: 'age', operator: '>', value: '1h' },
      { key: 'user.name', operator: '=', value: 'Ann' },
      { key: 'error', operator: ':', value: 'no space left' },
    ])
  })

  it('keeps values that have colons, quotes and backslashes', () => {
    const text = String.raw`worker:encode@vm:13972 error:"say \"no\" \\ now"`
    expect(parseSearch(text).map(({ value }) => value)).toEqual([
      'encode@vm:13972',
      String.raw`say "no" \ now`,
    ])
    expect(searchText(parseSearch(text))).toBe(text)
  })

  it('keeps names of any letters, and values that are empty', () => {
    const text = 'größe=5 empty="" a/b=1'
    expect(parseSearch(text).map(({ key }) => key)).toEqual(['größe', 'empty', 'a/b'])
    expect(withTerm(text, 'state', 'dead')).toBe(`${text} state:dead`)
  })

  it('keeps a bare word, which the server will speak about', () => {
    expect(parseSearch('hello')).toEqual([{ key: '', operator: '', value: 'hello' }])
    expect(searchText(parseSearch('hello "two words"'))).toBe('hello "two words"')
  })

  it('has one term of a key after it was chosen', () => {
    expect(withTerm('state:dead phase:a', 'state', 'done')).toBe('phase:a state:done')
    expect(withTerm('state:dead phase:a', 'state', '')).toBe('phase:a')
    expect(withTerm('', 'pipeline', 'my videos')).toBe('pipeline:"my videos"')
  })

  it('loses the one term that is removed', () => {
    expect(withoutTerm('a=1 a=2 a=3', 1)).toBe('a=1 a=3')
  })

  it('tells the value of a key', () => {
    expect(termValue('phase:a pipeline:"b c"', 'pipeline')).toBe('b c')
    expect(termValue('phase:a', 'pipeline')).toBeUndefined()
  })
})

describe('a term', () => {
  it('is quoted when it would be read as something else', () => {
    expect(termText({ key: '', operator: '', value: 'a:b' })).toBe('"a:b"')
    expect(termText({ key: 'id', operator: ':', value: 'a:b' })).toBe('id:a:b')
  })
})
