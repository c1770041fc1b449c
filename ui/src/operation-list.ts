/**
 * The operations that the tray shows. News of one come on two ways, as answers and by the stream, and may
 * overtake each other: what was known later stays.
 */
import type { Operation } from '../../src/dashboard/api-types.ts'

const keptMax = 8

const isEnded = ({ state }: Operation) => state !== 'running'

export function withOperation(shown: readonly Operation[], news: Operation): readonly Operation[] {
  const known = shown.find(({ id }) => id === news.id)
  if (known === undefined) return cut([...shown, news])
  return isOlder(news, known) ? shown : shown.map((one) => (one === known ? news : one))
}

/**
 * After news may have been missed. What was shown when the server was asked, and what it does not know of,
 * went with its process.
 */
export function withServerList(
  shown: readonly Operation[],
  list: readonly Operation[],
  whenAsked: readonly Operation[],
): readonly Operation[] {
  const ids = new Set(shown.map(({ id }) => id))
  const kept = shown.map((one) =>
    one.state === 'running' && whenAsked.includes(one) && !list.some(({ id }) => id === one.id)
      ? { ...one, state: 'failed' as const, error: 'the dashboard was restarted' }
      : one,
  )
  return list
    .filter(({ id, state }) => state === 'running' || ids.has(id))
    .toReversed()
    .reduce(withOperation, kept)
}

/** Only what has ended goes: what runs can be aborted nowhere else. */
function cut(all: readonly Operation[]): readonly Operation[] {
  const tooMany = new Set(all.filter(isEnded).slice(0, Math.max(0, all.length - keptMax)))
  return all.filter((one) => !tooMany.has(one))
}

function isOlder(news: Operation, known: Operation): boolean {
  if (isEnded(news) !== isEnded(known)) return isEnded(known)
  return news.processed < known.processed
}
