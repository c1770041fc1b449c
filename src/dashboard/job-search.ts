/**
 * The language of the search: terms with blanks between them, all of which a job has to fit. `state:dead`,
 * `phase:encode`, `pipeline:video`, `worker:box1`, `error:"no space"`, `id:0193…`, `age>1h`, `age<10m`,
 * `input.codec=av1`. Values with blanks are quoted; `\"` and `\\` stand for themselves within quotes.
 */
import { closest } from '../errors/did-you-mean.ts'
import { CarbontubeError } from '../errors/errors.ts'

export const searchStates = [
  ...(['ready', 'running', 'scheduled', 'done', 'dead', 'cancelled', 'unsettled'] as const),
]
export type SearchState = (typeof searchStates)[number]

export interface JobSearch {
  readonly state?: SearchState
  readonly phase?: string
  readonly pipeline?: string
  readonly worker?: string
  /** Part of the last error. */
  readonly error?: string
  /** The id, or how it begins. */
  readonly id?: string
  /** `age>1h` */
  readonly olderThanMs?: number
  /** `age<10m` */
  readonly youngerThanMs?: number
  /** `key.path=value` */
  readonly fields: readonly { readonly path: readonly string[]; readonly value: string }[]
  /** Key of a group of dead jobs. No term of the language: it is asked for beside the search. */
  readonly group?: string
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** What is longer is not typed by people. */
const searchCharsMax = 4_096
const fieldsMax = 20

const words = ['state', 'phase', 'pipeline', 'worker', 'error', 'id'] as const
const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

interface Term {
  /** Where it begins, from 0. */
  readonly at: number
  readonly name: string
  readonly sign: string
  readonly value: string
}

/** @throws CT_BAD_SEARCH, which says where */
export function parseSearch(text: string): JobSearch {
  if (text.length > searchCharsMax) throw wrong(searchCharsMax, 'the search is too long')
  const search: Mutable<JobSearch> = { fields: [] }
  for (const term of termsOf(text)) {
    if (term.sign === '=') search.fields = [...search.fields, fieldOf(term)]
    else addTerm(search, term)
    if (search.fields.length > fieldsMax) throw wrong(term.at, 'there are too many fields')
  }
  return search
}

/** What is asked for in words and, beside them, by the key of a group: its jobs are dead. */
export function searchOf(
  q: string | null | undefined,
  group: string | null | undefined,
): JobSearch {
  const search = parseSearch(q ?? '')
  return group ? { state: 'dead', ...search, group } : search
}

/** Whether it asks for nothing but a pipeline, or `age>0s`: then it means every job. */
export function meansEverything(search: JobSearch): boolean {
  const { pipeline: _pipeline, fields, olderThanMs = 0, ...others } = search
  return fields.length === 0 && olderThanMs === 0 && Object.keys(others).length === 0
}

function termsOf(text: string): Term[] {
  const terms: Term[] = []
  let at = 0
  for (;;) {
    while (/\s/.test(text.charAt(at))) at += 1
    if (at >= text.length) return terms
    const [, name = '', sign = ''] = /^([^\s:=<>"]*)([:=<>]?)/.exec(text.slice(at)) ?? []
    const place = at + name.length
    if (sign === '' || name === '') throw noTerm(text, at, name)
    const { value, end } = valueAt(text, place + 1)
    terms.push({ at, name, sign, value })
    at = end
  }
}

function valueAt(text: string, from: number): { value: string; end: number } {
  if (text.charAt(from) !== '"') {
    const [value = ''] = /^[^\s"]*/.exec(text.slice(from)) ?? []
    const end = from + value.length
    if (text.charAt(end) === '"') throw wrong(end, 'a quote begins in the middle of a value')
    if (value === '') throw wrong(from, 'a value is missing')
    return { value, end }
  }
  let value = ''
  for (let at = from + 1; at < text.length; at += 1) {
    const letter = text.charAt(at)
    if (letter === '"') {
      const end = at + 1
      if (end < text.length && !/\s/.test(text.charAt(end))) {
        throw wrong(end, 'a blank is missing after the quoted value')
      }
      return { value, end }
    }
    if (letter === '\\') at += 1
    value += text.charAt(at)
  }
  throw wrong(from, 'the quote that begins here does not end')
}

function addTerm(search: Mutable<JobSearch>, term: Term): void {
  const { at, name, sign, value } = term
  if (name === 'age' && sign !== ':') return addAge(search, term)
  const word = words.find((one) => one === name)
  if (word === undefined || sign !== ':') throw noTermOf(term)
  if (search[word] !== undefined) throw wrong(at, `"${name}" is there twice`)
  // Every text begins with and has in it what is empty: that would mean all.
  if (value === '') throw wrong(at + name.length + 1, 'a value is missing')
  if (word !== 'state') {
    search[word] = value
    return
  }
  const state = searchStates.find((one) => one === value)
  if (state === undefined) {
    const near = closest(value, searchStates)
    const meant = near === undefined ? '' : `; did you mean "${near}"?`
    const all = searchStates.join(', ')
    throw wrong(at + name.length + 1, `"${value.slice(0, 40)}" is no state (${all})${meant}`)
  }
  search.state = state
}

function addAge(search: Mutable<JobSearch>, { at, sign, value }: Term): void {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(value) ?? []
  const ms = Number(digits) * (unitsMs[unit] ?? NaN)
  if (digits === '' || !Number.isFinite(ms)) {
    throw wrong(at + 4, `"${value.slice(0, 40)}" is no age: write 30s, 10m, 2h or 1d`)
  }
  const key = sign === '>' ? 'olderThanMs' : 'youngerThanMs'
  if (search[key] !== undefined) throw wrong(at, `"age${sign}" is there twice`)
  search[key] = ms
}

function fieldOf({ at, name, value }: Term): JobSearch['fields'][number] {
  const path = name.split('.')
  if (path.includes('')) throw wrong(at, `"${name.slice(0, 40)}" has an empty name in it`)
  return { path, value }
}

function noTerm(text: string, at: number, name: string): CarbontubeError {
  const found = name === '' ? text.charAt(at) : name
  return wrong(
    at,
    `"${found.slice(0, 40)}" is no term: write error:${name || 'text'}, or id:${name || '…'}`,
  )
}

function noTermOf({ at, name, sign }: Term): CarbontubeError {
  const near = closest(name, [...words, 'age'])
  const meant = near === undefined || near === name ? '' : `; did you mean "${near}"?`
  return wrong(at, `"${name.slice(0, 40)}${sign}" is not known${meant}`)
}

function wrong(at: number, what: string): CarbontubeError {
  const message = `${what} (at character ${at + 1})`
  return new CarbontubeError('CT_BAD_SEARCH', message, {
    hint: 'state: phase: pipeline: worker: error: id: age>1h age<10m key.path=value, with blanks between; "quote" values with blanks.',
    details: { at, issues: [{ path: 'q', message }] },
  })
}
