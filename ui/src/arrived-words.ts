/** What “12 new — show” says. */
import { shownCount } from './figures.ts'

/**
 * How many jobs came: all that are not known, down to the last that is. After that one, rows have only moved
 * up. `50+` when nothing known is left in a list that goes on; '' for none.
 *
 * @param known keys of the jobs that are shown
 * @param newest keys of those that the same question finds now
 * @param goesOn whether there are more than `newest`
 */
export function arrivedWords(
  known: readonly string[],
  newest: readonly string[],
  goesOn: boolean,
): string {
  const shown = new Set(known)
  const last = newest.findLastIndex((key) => shown.has(key))
  const before = last < 0 ? newest : newest.slice(0, last)
  const count = before.filter((key) => !shown.has(key)).length
  if (count === 0) return ''
  return last < 0 && goesOn ? `${shownCount(count)}+` : shownCount(count)
}
