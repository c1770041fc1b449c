/**
 * The first look at a result: is its token the job's current one? Everything else is `duplicate`,
 * `stale` or `gone`, and changes nothing.
 */
import type { Result } from './event.ts'
import type { Recovery } from './recovery.ts'
import { answerResult, applyResult } from './settling.ts'
import type { Shard } from './shard.ts'
import { sameToken, tokenText } from './token.ts'

export function receiveResult(
  shard: Shard,
  recovery: Recovery,
  incarnation: string,
  result: Result,
): void {
  const { token } = result
  const worker = shard.workers.get(incarnation)
  // Whatever the job's fate, the worker has said that the slot is free.
  if (worker !== undefined) shard.freeSlot(worker, shard.keyOf(token))
  const job = shard.jobs.get(result.jobId)
  const to = { incarnation, entry: result.entry }
  if (job === undefined) {
    recovery.result(incarnation, result)
  } else if (job.grant !== undefined && sameToken(job.grant.token, token)) {
    applyResult(shard, job.grant, result)
    answerResult(shard, to, 'applied')
  } else if (job.applied.includes(tokenText(token))) {
    answerResult(shard, to, 'duplicate')
  } else if (job.grant !== undefined) {
    answerResult(shard, to, 'stale')
  } else {
    // Not granted now: it may be the released holder, come back. The same rules as for a claim.
    recovery.returned(incarnation, result, job)
  }
}
