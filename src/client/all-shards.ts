/** What a person asks of a pipeline, put together from what its shards and their managers answer. */
import { CarbontubeError } from '../errors/errors.ts'
import type { ManagerStatus, Reply } from '../wire/replies.ts'

type JobsPage = Omit<Extract<Reply, { type: 'jobs' }>, 'request' | 'type'>

/** The status of several managers as that of one: the first speaks, the worst figures are shown. */
export function statusOfAll(all: readonly ManagerStatus[]): ManagerStatus {
  const [first] = all
  if (first === undefined) throw new CarbontubeError('CT_UNREACHABLE', 'no manager can be asked')
  if (all.length === 1) return first
  return {
    welcome: first.welcome,
    upSinceMs: Math.min(...all.map(({ upSinceMs }) => upSinceMs)),
    loopLagMs: Math.max(...all.map(({ loopLagMs }) => loopLagMs)),
    rejectedMessages: all.reduce((sum, { rejectedMessages }) => sum + rejectedMessages, 0),
    shards: all.flatMap(({ shards }) => shards).toSorted((a, b) => a.shard - b.shard),
  }
}

/** Of which shard a page is, and where it begins in it: `3:4711`. */
export function placeOf(cursor: string, shards: number): { shard: number; after: string } {
  if (shards === 1) return { shard: 0, after: cursor }
  if (cursor === '') return { shard: 0, after: '' }
  const [, digits = '', after = ''] = /^(\d{1,9}):(.*)$/.exec(cursor) ?? []
  const shard = Number(digits)
  if (digits !== '' && shard < shards) return { shard, after }
  throw new CarbontubeError('CT_BAD_OPTION', `"${cursor}" is no place in a list`, {
    hint: 'Use the `next` of the page before, or leave it out.',
  })
}

/**
 * A page of one shard, as one of all: the next shard follows where it ends, and the count is that of all.
 * @param others pages of the other shards, for their counts
 */
export function pageOfAll(
  page: JobsPage,
  { shard, shards, others }: { shard: number; shards: number; others: readonly JobsPage[] },
): JobsPage {
  if (shards === 1) return page
  const following = shard + 1 < shards ? `${shard + 1}:` : ''
  return {
    jobs: page.jobs,
    next: page.next === '' ? following : `${shard}:${page.next}`,
    count: others.reduce((sum, { count }) => sum + count, page.count),
    more: page.more || others.some(({ more }) => more),
  }
}
