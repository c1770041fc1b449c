/**
 * Pages by the part of the URL behind `#`: it works below any path of any proxy, and a link can be sent to
 * a colleague. `#/jobs?q=state:dead&after=…` is page `jobs` with two parameters.
 */
import { computed, signal } from '@preact/signals'

export interface Route {
  /** Parts of the path, decoded: `['jobs', 'videos', '42']`. */
  readonly parts: readonly string[]
  readonly parameters: URLSearchParams
}

export const route = signal<Route>(parseRoute(location.hash))

/** The page and its parts, without what is searched there: focus and scroll start anew when it changes. */
export const page = computed(() => route.value.parts.join('/'))

addEventListener('hashchange', () => {
  route.value = parseRoute(location.hash)
})

/** `#/jobs/videos/a%2Fb?q=…`; a parameter that is '' or undefined is left out. */
export function link(
  parts: readonly string[],
  parameters: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = parts.map(encodeURIComponent).join('/')
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  const search = given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`
  return `#/${path}${search}`
}

/** Goes there. `replace`: without a step in the browser's history, for what changes with every key. */
export function go(target: string, { replace = false } = {}): void {
  if (replace) {
    history.replaceState(null, '', target)
    route.value = parseRoute(target)
  } else {
    location.hash = target
  }
}

function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s)
  const parts = path.split('/').filter((part) => part !== '')
  return { parts: parts.map(decoded), parameters: new URLSearchParams(search) }
}

/** A URL that somebody has cut by hand must not break the page. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
