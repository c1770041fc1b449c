/** What a person asks of a pipeline, put together from what its shards and their managers answer. */
import type { DurationCounts } from '../core/duration-counts.ts'
import type { ShardStatus, WorkerStatus } from '../core/status.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import type { JobsPage, ManagerStatus, Welcome } from '../wire/replies.ts'

/** Of a worker, over all shards. */
const jobsShownMax = 20

/** How it goes, over all managers that could be asked. */
export interface PipelineStatus extends ManagerStatus {
  /** What each of them says of itself: which shards it owns, where its doors are. */
  readonly managers: readonly Welcome[]
}

/**
 * The answers of all shards to an order. Where one has none, the others have carried it out all the same: the
 * error says so, since nothing takes it back.
 */
export async function answersOfAll<T>(orders: readonly Promise<T>[]): Promise<readonly T[]> {
  const answers = await Promise.allSettled(orders)
  const failed = answers.find((answer) => answer.status === 'rejected')
  const done = answers.filter(({ status }) => status === 'fulfilled').length
  if (done > 0 && isCarbontubeError(failed?.reason)) {
    throw onlyPartly(failed.reason, done, answers.length)
  }
  return await Promise.all(orders)
}

function onlyPartly(cause: CarbontubeError, done: number, all: number): CarbontubeError {
  const message = `${done} of ${all} shards have done it, the others not: ${cause.message}`
  return new CarbontubeError(cause.code, message, {
    hint: 'Send it again when every shard has an owner: what has done it already stays as it is.',
    details: { done, all },
    cause,
  })
}

/** The status of several managers as that of one: the first speaks, the worst figures are shown. */
export function statusOfAll(all: readonly ManagerStatus[]): PipelineStatus {
  const [first] = all
  if (first === undefined) throw new CarbontubeError('CT_UNREACHABLE', 'no manager can be asked')
  return {
    welcome: first.welcome,
    managers: all.map(({ welcome }) => welcome),
    upSinceMs: Math.min(...all.map(({ upSinceMs }) => upSinceMs)),
    loopLagMs: Math.max(...all.map(({ loopLagMs }) => loopLagMs)),
    rejectedMessages: total(all.map(({ rejectedMessages }) => rejectedMessages)),
    shards: all.flatMap(({ shards }) => shards).toSorted((a, b) => a.shard - b.shard),
  }
}

/** What people want to know of a pipeline, whatever its shards: jobs summed up, each worker once. */
export function shardsAsOne(
  shards: readonly ShardStatus[],
): Pick<ShardStatus, 'paused' | 'phases' | 'scheduled' | 'settled' | 'workers'> {
  const names = shards[0]?.phases.map(({ jobType }) => jobType) ?? []
  const all = <T>(pick: (shard: ShardStatus) => T): readonly T[] => shards.map(pick)
  return {
    // Of one shard is enough: an order may have reached some of them only, and its jobs wait.
    paused: shards.some(({ paused }) => paused),
    phases: names.map((jobType, at) => {
      const of = shards.flatMap(({ phases }) => phases[at] ?? [])
      return {
        jobType,
        waiting: total(of.map(({ waiting }) => waiting)),
        running: total(of.map(({ running }) => running)),
        // Every shard knows every worker, sooner or later.
        workers: Math.max(...of.map(({ workers }) => workers)),
        concurrency: Math.max(...of.map(({ concurrency }) => concurrency)),
        paused: of.some(({ paused }) => paused),
        oldestMs: earliest(of.map(({ oldestMs }) => oldestMs)),
        ended: mapTotal(of.map(({ ended }) => ended)),
        duration: allDurations(of.map(({ duration }) => duration)),
        wait: allDurations(of.map(({ wait }) => wait)),
      }
    }),
    scheduled: total(all(({ scheduled }) => scheduled)),
    settled: {
      done: total(all(({ settled }) => settled.done)),
      dead: total(all(({ settled }) => settled.dead)),
      cancelled: total(all(({ settled }) => settled.cancelled)),
    },
    workers: workersOnce(shards.flatMap(({ workers }) => workers)),
  }
}

function workersOnce(workers: readonly WorkerStatus[]): readonly WorkerStatus[] {
  const byPlace = new Map<string, WorkerStatus>()
  for (const worker of workers) {
    const place = `${worker.id} ${worker.address}`
    const other = byPlace.get(place)
    byPlace.set(place, other === undefined ? worker : together(other, worker))
  }
  return [...byPlace.values()]
}

function together(one: WorkerStatus, other: WorkerStatus): WorkerStatus {
  return {
    ...(one.state === 'ready' ? other : one),
    credit: one.credit + other.credit,
    running: one.running + other.running,
    done: one.done + other.done,
    failed: one.failed + other.failed,
    stuck: Math.max(one.stuck, other.stuck),
    seenMs: Math.max(one.seenMs, other.seenMs),
    durationMs: Math.max(one.durationMs, other.durationMs),
    jobs: [...one.jobs, ...other.jobs].slice(0, jobsShownMax),
  }
}

/** Of times of which 0 means none. */
function earliest(times: readonly number[]): number {
  const known = times.filter((ms) => ms > 0)
  return known.length === 0 ? 0 : Math.min(...known)
}

function mapTotal<K extends string>(maps: readonly Readonly<Record<K, number>>[]) {
  const names = Object.keys(maps[0] ?? {}) as K[]
  const sums = names.map((name) => [name, total(maps.map((map) => map[name]))])
  return Object.fromEntries(sums) as Record<K, number>
}

function allDurations(all: readonly DurationCounts[]): DurationCounts {
  const places = all[0]?.counts.length ?? 0
  return {
    counts: Array.from({ length: places }, (_, at) => total(all.map((one) => one.counts[at] ?? 0))),
    sumMs: total(all.map(({ sumMs }) => sumMs)),
  }
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}

/** Cursor of the first page of a shard. */
export function startOf(shard: number, shards: number): string {
  return shards === 1 ? '' : `${shard}:`
}

/** Whether all pages of the shard before were seen. */
export function isStart(cursor: string): boolean {
  return cursor.endsWith(':')
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
  const following = shard + 1 < shards ? startOf(shard + 1, shards) : ''
  return {
    jobs: page.jobs,
    next: page.next === '' ? following : `${shard}:${page.next}`,
    count: total([page, ...others].map(({ count }) => count)),
    more: page.more || others.some(({ more }) => more),
  }
}
