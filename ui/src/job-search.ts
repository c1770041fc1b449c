/**
 * The search of the jobs page as terms: `state:dead phase:resize age>1h user.name=Ann`. The text is the
 * truth and stands in the URL; terms are how chips read and change it. What a term means is the server's
 * business, and so is refusing one.
 */

export interface Term {
  /** `state`, `age`, `user.name`; '' for a bare word. */
  readonly key: string
  readonly operator: ':' | '=' | '>' | '<' | ''
  readonly value: string
}

/** Names are what the server takes for one. */
const term = /([^\s:=<>"]+)(:|=|>|<)("(?:[^"\\]|\\.)*"|\S*)|"((?:[^"\\]|\\.)*)"|(\S+)/g

export function parseSearch(text: string): readonly Term[] {
  return [...text.matchAll(term)].map(([, key, operator, value, quoted, bare]) =>
    key === undefined
      ? { key: '', operator: '', value: quoted === undefined ? (bare ?? '') : unescaped(quoted) }
      : { key, operator: operator as Term['operator'], value: unquoted(value ?? '') },
  )
}

export function searchText(terms: readonly Term[]): string {
  return terms.map(termText).join(' ')
}

/** One term as it is typed: quoted when its value is empty, or has a space or a quote. */
export function termText({ key, operator, value }: Term): string {
  const needsQuotes = /[\s"]|^$/.test(value) || (operator === '' && /[:=<>]/.test(value))
  const shown = needsQuotes ? `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"` : value
  return `${key}${operator}${shown}`
}

/** The text with `key:value` instead of whatever `key:` was there; without it when `value` is ''. */
export function withTerm(text: string, key: string, value: string): string {
  const others = parseSearch(text).filter((one) => one.key !== key)
  if (value === '') return searchText(others)
  return searchText([...others, { key, operator: ':', value }])
}

export function withoutTerm(text: string, index: number): string {
  return searchText(parseSearch(text).filter((_, at) => at !== index))
}

/** Value of the one `key:` term; undefined when there is none. */
export function termValue(text: string, key: string): string | undefined {
  return parseSearch(text).find((one) => one.key === key)?.value
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1
    ? unescaped(value.slice(1, -1))
    : value
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, '$1')
}
