/** A ready job as the store has it. */
import type { JobRecord } from '../../src/core/job.ts'

export function aJobRecord(id: string, more: Partial<JobRecord> = {}): JobRecord {
  return {
    ...{ id, shard: 0, sequence: 1, state: 'ready', phase: 0, priority: 0, attempts: 0 },
    ...{ crashes: 0, attemptsMax: 0, enqueuedMs: 1, dueMs: 1, instructions: new Uint8Array(2) },
    ...{ checksum: 1, tokenMin: '', suspect: false, applied: [] },
    ...more,
  }
}
