/**
 * The first look at a result: is its token the job's current one? Everything else is `duplicate`,
 * `stale` or `gone`, and changes nothing.
 */
import type { Result } from './event.ts'
import type { Recovery } from './recovery.ts'
import { answerResult, applyResult } from './settling.ts'
import type { Shard } from './shard.ts'
import { tokenText } from './token.ts'

export function receiveResult(
  shard: Shard,
  recovery: Recovery,
  incarnation: string,
  result: Result,
): void {
  const text = tokenText(result.token)
  const worker = shard.workers.get(incarnation)
  // Whatever the job's fate, the worker has said that the slot is free.
  if (worker !== undefined) shard.freeSlot(worker, text)
  const job = shard.jobs.get(result.jobId)
  const to = { incarnation, entry: result.entry }
  if (job === undefined) {
    recovery.result(incarnation, result)
  } else if (job.grant?.text === text) {
    applyResult(shard, job.grant, result)
    answerResult(shard, to, 'applied')
  } else if (job.applied.includes(text)) {
    answerResult(shard, to, 'duplicate')
  } else if (job.grant !== undefined) {
    answerResult(shard, to, 'stale')
  } else {
    // Not granted now: it may be the released holder, come back. The same rules as for a claim.
    recovery.returned(incarnation, result, job)
  }
}
