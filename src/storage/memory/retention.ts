/**
 * Which settled jobs a retention policy lets go. Each slice looks at every job, so it must not sort them:
 * a heap keeps the few oldest.
 */
import { Heap } from '../../core/heap.ts'
import type { JobRecord } from '../../core/job.ts'
import type { RetentionPolicy } from '../contract.ts'
import type { MemoryShard } from './memory-shard.ts'

/** Sequences of at most `limit` jobs to remove: dead ones first, then done and cancelled, oldest ended first. */
export function prunable(shard: MemoryShard, policy: RetentionPolicy, limit: number): number[] {
  const dead: JobRecord[] = []
  const ended: JobRecord[] = []
  const deadBeforeMs = policy.nowMs - policy.deadKeepMs
  const endedBeforeMs = policy.nowMs - policy.settledKeepMs
  let oldJobs = 0
  for (const { record } of shard.jobs.values()) {
    if (record.state === 'dead') {
      if (endOf(record) < deadBeforeMs) dead.push(record)
    } else if (record.state === 'done' || record.state === 'cancelled') {
      ended.push(record)
      if (endOf(record) < endedBeforeMs) oldJobs += 1
    }
  }
  const first = oldest(dead, limit)
  // Those that are too old and those that are too many are both the oldest.
  const wanted = Math.max(oldJobs, ended.length - policy.settledKeepJobs)
  const then = oldest(ended, Math.min(limit - first.length, wanted))
  return [...first, ...then].map(({ sequence }) => sequence)
}

/** The `count` jobs that ended first, oldest first. */
function oldest(records: readonly JobRecord[], count: number): JobRecord[] {
  if (count <= 0) return []
  const newestFirst = new Heap<JobRecord>((a, b) => isEarlier(b, a))
  let kept = 0
  for (const record of records) {
    const newest = newestFirst.peek()
    if (kept < count) kept += 1
    else if (newest !== undefined && isEarlier(record, newest)) newestFirst.pop()
    else continue
    newestFirst.push(record)
  }
  return newestFirst.drain().sort((a, b) => (isEarlier(a, b) ? -1 : 1))
}

function isEarlier(a: JobRecord, b: JobRecord): boolean {
  return endOf(a) !== endOf(b) ? endOf(a) < endOf(b) : a.sequence < b.sequence
}

function endOf(record: JobRecord): number {
  return record.endedMs ?? 0
}
