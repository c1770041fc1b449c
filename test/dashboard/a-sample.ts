/** Statuses as managers send them, made up: for what computes with them over hours. */
import { durationBoundsMs } from '../../src/core/duration-counts.ts'
import type { ShardStatus } from '../../src/core/status.ts'
import type { Sample } from '../../src/dashboard/pipeline-watch.ts'
import type { ShardTotals } from '../../src/dashboard/shard-totals.ts'

interface Figures {
  readonly stored?: number
  readonly done?: number
  readonly shard?: number
  readonly epoch?: number
}

/** One phase; everything that was done took between 1 and 2 ms. */
export function aShard({ stored = 0, done = 0, shard = 0, epoch = 1 }: Figures): ShardStatus {
  const none = durationBoundsMs.map(() => 0)
  const counts = [0, done, ...none.slice(1)]
  const counters = {
    ...{ stored, done, dead: 0, cancelled: 0, retried: 0, released: 0, stale: 0, duplicate: 0 },
    ...{ gone: 0, adopted: 0, resent: 0, redriven: 0, discarded: 0 },
  }
  return {
    ...{ shard, epoch, paused: false, scheduled: 0, uncommitted: 0, counters, workers: [] },
    ...{ settled: { done, dead: 0, cancelled: 0 }, rollCallOpen: false },
    phases: [
      {
        ...{ jobType: 'encode', waiting: stored - done, running: 0, workers: 1, concurrency: 1 },
        ...{ paused: false, oldestMs: 0, wait: { counts: [...none, 0], sumMs: 0 } },
        ended: { done, failed: 0, dead: 0, cancelled: 0, lost: 0 },
        duration: { counts, sumMs: 1.5 * done },
      },
    ],
  }
}

export function aSample(atMs: number, totals: ShardTotals, figures: Figures): Sample {
  const shards = [aShard(figures)]
  const welcome = {
    ...{
      manager: 'one',
      version: '1',
      pipeline: 'video',
      jobTypes: ['encode'],
      pull: [],
      router: '',
    },
    ...{ pub: '', shards: 1, durability: 'D2', store: 'memory' },
  }
  const status = {
    ...{ welcome, managers: [welcome], upSinceMs: 0, loopLagMs: 0, rejectedMessages: 0, shards },
  }
  return { atMs, status, totals: totals.add(shards) }
}
