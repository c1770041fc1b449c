/** Dead jobs by what they died of. A bounded look through the newest of them, at each request. */
import { given } from '../language/given.ts'
import type { AnsweringPipelines } from './answering-pipelines.ts'
import type { DeadGroup, DeadGroups } from './api-types.ts'
import { fingerprint, groupKey } from './error-fingerprint.ts'
import { JobMerge, type FoundJob } from './job-merge.ts'

const budget = { rows: 20_000, ms: 5_000 }

type Counted = { -readonly [K in keyof DeadGroup]: DeadGroup[K] }

/** The group of a dead job. */
export function groupOf({ pipeline, job }: FoundJob): Pick<DeadGroup, 'key' | 'fingerprint'> {
  const print = fingerprint(job.lastError ?? '')
  return { fingerprint: print, key: groupKey([pipeline, job.phase, job.deathReason ?? '', print]) }
}

export async function deadGroups(
  { pipelines, missing }: AnsweringPipelines,
  nowMs: () => number,
): Promise<DeadGroups> {
  const merge = new JobMerge({
    ...{ pipelines, query: { state: 'dead' }, withInstructions: false, rowsWanted: 100, after: '' },
  })
  const endMs = nowMs() + budget.ms
  const groups = new Map<string, Counted>()
  let searched = 0
  let found = await merge.next()
  while (found !== undefined) {
    count(groups, found)
    searched += 1
    if (searched === budget.rows || nowMs() > endMs) break
    found = await merge.next()
  }
  return {
    groups: [...groups.values()].toSorted((a, b) => b.count - a.count || b.lastMs - a.lastMs),
    ...{ searched, isCut: merge.cursor() !== undefined, ...given({ missing }) },
  }
}

function count(groups: Map<string, Counted>, found: FoundJob): void {
  const { pipeline, job } = found
  const diedMs = job.endedMs ?? job.dueMs
  const { key, fingerprint: print } = groupOf(found)
  const group = groups.get(key)
  if (group === undefined) {
    groups.set(key, {
      ...{ pipeline, phase: job.phase, fingerprint: print, key, reason: job.deathReason ?? '' },
      ...{ count: 1, firstMs: diedMs, lastMs: diedMs },
      sample: { id: job.id, error: job.lastError ?? '' },
    })
    return
  }
  group.count += 1
  group.firstMs = Math.min(group.firstMs, diedMs)
  group.lastMs = Math.max(group.lastMs, diedMs)
}
