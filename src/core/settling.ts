/**
 * What a result does to its job: the next phase, done, another try, dead, or back to the queue. And the
 * release of a grant that nobody will finish.
 */
import type { ResultAnswer } from './effect.ts'
import type { LossCause, Outcome, Result } from './event.ts'
import type { AttemptError, AttemptRecord, DeathReason, Grant, Job } from './job.ts'
import { retryDelayMs } from './retries.ts'
import type { Shard } from './shard.ts'
import { fenceOf } from './token.ts'

/** Applies a result that carries the job's current token. */
export function applyResult(shard: Shard, granted: Grant, result: Result): void {
  if (result.startedMs > 0) {
    granted.startedMs = result.startedMs
    granted.tookMs = result.endedMs - result.startedMs
  }
  const worker = shard.workers.get(granted.incarnation)
  switch (result.outcome.type) {
    case 'done':
      if (worker !== undefined) worker.done += 1
      finishPhase(shard, granted, result.outcome)
      return
    case 'failed':
      if (worker !== undefined) worker.failed += 1
      failPhase(shard, granted, result.outcome)
      return
    case 'released':
      // Nothing to charge; nothing to write either, unless the store says that it is running.
      if (granted.noted) fenceOff(shard, granted)
      giveBack(shard, granted)
      return
  }
}

const done = { outcome: 'done' } as const

function finishPhase(
  shard: Shard,
  granted: Grant,
  { instructions, keys }: Extract<Outcome, { type: 'done' }>,
): void {
  const { job } = granted
  const expected = shard.expected(job)
  const ended = shard.attemptRecord(granted, keys === undefined ? done : { outcome: 'done', keys })
  job.applied.push(ended.token)
  const durationMs = ended.endedMs - ended.startedMs
  const { worker } = ended
  shard.publish({ type: 'phaseDone', id: job.id, phase: job.phase, worker, durationMs })
  if (job.phase === shard.config.spec.phases.length - 1) {
    settle(shard, job, 'done', { instructions, ended })
    return
  }
  const toPhase = job.phase + 1
  shard.mutate({
    type: 'advance',
    job: expected,
    toPhase,
    readyMs: shard.nowMs,
    instructions,
    ended,
  })
  shard.signal(job, 'advance')
  job.grant = undefined
  job.phase = toPhase
  job.instructions = instructions
  job.dueMs = shard.nowMs
  job.attempts = job.crashes = job.attemptsMax = 0
  job.suspect = job.alone = false
  job.storedAs = 'ready'
  shard.makeReady(job)
}

function failPhase(
  shard: Shard,
  granted: Grant,
  failure: { error: AttemptError; retry: 'default' | 'never' | number },
): void {
  const { job } = granted
  const { retry } = shard.phaseSpec(job.phase)
  const { error } = failure
  job.attempts += 1
  const isSpent = job.attempts >= Math.max(job.attemptsMax, retry.attempts)
  if (failure.retry === 'never' || isSpent) {
    const reason = failure.retry === 'never' ? 'rejected' : 'attempts'
    const ended = shard.attemptRecord(granted, { outcome: 'dead', error })
    settle(shard, job, 'dead', { reason, ended })
    return
  }
  const delayMs =
    failure.retry === 'default'
      ? retryDelayMs(retry, job.attempts, shard.config.rng)
      : failure.retry
  const dueMs = shard.nowMs + delayMs
  const ended = shard.attemptRecord(granted, { outcome: 'failed', error, retryMs: dueMs })
  const { attempts, crashes } = job
  shard.mutate({ type: 'retry', job: shard.expected(job), dueMs, attempts, crashes, ended })
  const { worker } = ended
  const { message } = error
  shard.publish({ type: 'phaseFailed', id: job.id, phase: job.phase, worker, message, dueMs })
  shard.counters.retried += 1
  shard.signal(job, 'retry')
  job.grant = undefined
  job.dueMs = dueMs
  job.storedAs = 'scheduled'
  // It stays for a while: a copy, so that it does not keep the message it came in.
  job.instructions = new Uint8Array(job.instructions)
  shard.makeScheduled(job)
}

interface Settlement {
  readonly instructions?: Uint8Array
  readonly reason?: DeathReason
  readonly ended?: AttemptRecord | undefined
}

/** The job ends here. It is in memory, and in no queue. */
export function settle(
  shard: Shard,
  job: Job,
  state: 'done' | 'dead' | 'cancelled',
  { instructions, reason, ended }: Settlement,
): void {
  const { attempts, crashes, id } = job
  shard.mutate({
    type: 'settle',
    job: shard.expected(job),
    state,
    endedMs: shard.nowMs,
    attempts,
    crashes,
    instructions,
    deathReason: reason,
    ended,
  })
  shard.signal(job, state === 'done' ? 'finish' : state === 'dead' ? 'giveUp' : 'cancel')
  shard.counters[state] += 1
  job.grant = undefined
  shard.forget(job)
  shard.effect({ type: 'TellSettled', id, state, instructions })
  if (state === 'done') shard.publish({ type: 'jobDone', id })
  if (state === 'cancelled') shard.publish({ type: 'jobCancelled', id })
  if (state === 'dead') shard.publish({ type: 'jobDead', id, reason: reason ?? 'attempts' })
}

/** The store forgets with whom the job was: only this token or a later one can be adopted from now on. */
function fenceOff(shard: Shard, { job, token }: Grant, ended?: AttemptRecord): void {
  job.tokenMin = fenceOf(token)
  const { tokenMin, suspect, crashes } = job
  shard.mutate({ type: 'release', job: shard.expected(job), tokenMin, suspect, crashes, ended })
  job.storedAs = 'ready'
}

/** Back to the queue, as if it had never been granted. */
export function giveBack(shard: Shard, granted: Grant): void {
  const { job } = granted
  shard.counters.released += 1
  shard.signal(job, 'release')
  job.grant = undefined
  shard.makeReady(job)
}

/**
 * The grant is given up, and the job may have started. Nothing is charged, except to a job that was alone
 * with a process that died; and not when that process had said that it leaves: it was stopped, and perhaps killed
 * because it took too long.
 */
export function release(shard: Shard, granted: Grant, cause: LossCause | 'missing'): void {
  const { job } = granted
  const isLeaving = shard.workers.get(granted.incarnation)?.isLeaving === true
  const hasDied = !isLeaving && (cause === 'refused' || cause === 'replaced')
  const isSuspect = hasDied && granted.received
  if (isSuspect && job.alone) job.crashes += 1
  const error = { kind: 'lost', name: 'WorkerLost', message: `the worker was lost: ${cause}` }
  if (isSuspect && job.crashes >= shard.phaseSpec(job.phase).retry.crashes) {
    const ended = shard.attemptRecord(granted, { outcome: 'dead', error })
    settle(shard, job, 'dead', { reason: 'crashed', ended })
    return
  }
  if (isSuspect) {
    // One death is an accident (a box died); from the second on, the job has to prove its innocence alone.
    job.alone = job.suspect
    job.suspect = true
  }
  fenceOff(shard, granted, shard.attemptRecord(granted, { outcome: 'lost', error }))
  giveBack(shard, granted)
}

export function answerResult(
  shard: Shard,
  to: { incarnation: string; entry: number },
  answer: ResultAnswer,
): void {
  if (answer !== 'applied') shard.counters[answer] += 1
  shard.effect({ type: 'AnswerResult', incarnation: to.incarnation, entry: to.entry, answer })
}
