/** Which settled jobs a retention policy lets go. */
import type { JobRecord } from '../../core/job.ts'
import type { RetentionPolicy } from '../contract.ts'
import type { MemoryShard } from './memory-shard.ts'

/** Sequences of the jobs to remove: dead ones first, then done and cancelled, each oldest ended first. */
export function prunable(shard: MemoryShard, policy: RetentionPolicy): number[] {
  const dead: JobRecord[] = []
  const ended: JobRecord[] = []
  for (const { record } of shard.jobs.values()) {
    if (record.state === 'dead') dead.push(record)
    else if (record.state === 'done' || record.state === 'cancelled') ended.push(record)
  }
  const deadBeforeMs = policy.nowMs - policy.deadKeepMs
  const endedBeforeMs = policy.nowMs - policy.settledKeepMs
  const tooMany = ended.length - policy.settledKeepJobs
  return [
    ...dead.sort(byEnd).filter((record) => endOf(record) < deadBeforeMs),
    ...ended.sort(byEnd).filter((record, at) => at < tooMany || endOf(record) < endedBeforeMs),
  ].map(({ sequence }) => sequence)
}

function byEnd(a: JobRecord, b: JobRecord): number {
  return endOf(a) - endOf(b) || a.sequence - b.sequence
}

function endOf(record: JobRecord): number {
  return record.endedMs ?? 0
}
