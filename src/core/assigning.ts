/**
 * Handing ready jobs to workers with free credit: who gets what, and under which token. A grant is not
 * written to the store, except when the job must run alone.
 */
import type { Grant, Job } from './job.ts'
import type { ReadyQueue } from './ready-queue.ts'
import { wholePipeline, type Shard } from './shard.ts'
import { tokenText, type Token } from './token.ts'
import type { Worker } from './workers.ts'

/** Grants all that can be granted now, and asks for refills of windows that run low. */
export function assign(shard: Shard): void {
  if (shard.draining) return
  for (const queue of shard.readyQueues()) {
    if (!isPaused(shard, queue.phase)) grantFrom(shard, queue)
    refill(shard, queue)
  }
}

export function isPaused(shard: Shard, phase: number): boolean {
  return shard.paused.has(wholePipeline) || shard.paused.has(phase)
}

function grantFrom(shard: Shard, queue: ReadyQueue): void {
  grantAlone(shard, queue)
  for (let job = queue.peek(); job !== undefined; job = queue.peek()) {
    const worker = shard.workers.choose(queue.phase)
    if (worker === undefined) return
    grant(shard, worker, job)
  }
}

function refill(shard: Shard, queue: ReadyQueue): void {
  if (shard.rollCallOpen) return
  const wanted = queue.wantsRefill()
  if (wanted === undefined) return
  const load = shard.loadBegins()
  shard.effect({ type: 'LoadReady', load, phase: queue.phase, ...wanted })
}

function grant(shard: Shard, worker: Worker, job: Job): Grant {
  shard.ready(job.phase).leave(job)
  shard.signal(job, 'grant')
  shard.lastToken += 1
  const { epoch, nonce } = shard.config
  const token: Token = { epoch, nonce, sequence: shard.lastToken }
  const order = worker.nextOrder
  worker.nextOrder += 1
  worker.lastGrant = shard.lastToken
  const granted: Grant = {
    job,
    token,
    key: token.sequence,
    incarnation: worker.info.incarnation,
    phase: job.phase,
    attempt: job.attempts + 1,
    order,
    grantedMs: shard.nowMs,
    startedMs: 0,
    tookMs: 0,
    received: false,
    noted: false,
    missing: 0,
  }
  job.grant = granted
  shard.phaseCounters[job.phase]?.granted(shard.nowMs - job.dueMs)
  worker.grants.set(granted.key, granted)
  const pingAtSend = worker.ping
  worker.unacknowledged.set(order, { type: 'grant', grant: granted, pingAtSend, sends: 1 })
  sendGrant(shard, granted)
  return granted
}

export function sendGrant(shard: Shard, granted: Grant): void {
  const { job, token, incarnation, order, phase, attempt } = granted
  shard.effect({
    type: 'Grant',
    incarnation,
    order,
    token,
    phase,
    attempt,
    jobId: job.id,
    timeoutMs: shard.phaseSpec(phase).timeoutMs,
    instructions: job.instructions,
  })
}

/**
 * Jobs that must run alone go to empty workers, which get nothing else until they end; the store knows
 * before the worker does. While one waits and no worker is empty, one is being emptied for it.
 */
function grantAlone(shard: Shard, queue: ReadyQueue): void {
  const { workers } = shard
  for (let job = queue.peekAlone(); job !== undefined; job = queue.peekAlone()) {
    const worker = workers.chooseEmpty(queue.phase)
    if (worker === undefined) return workers.keepOneFromNewGrants(queue.phase)
    worker.runsAlone = true
    noteRunning(shard, worker, grant(shard, worker, job))
  }
  workers.keepNoneFromNewGrants(queue.phase)
}

/** Writes down with whom the job is. */
export function noteRunning(shard: Shard, worker: Worker, granted: Grant): void {
  granted.noted = true
  const { id, incarnation, address, relayed } = worker.info
  const sinceMs = granted.startedMs === 0 ? granted.grantedMs : granted.startedMs
  const known = { token: tokenText(granted.token), worker: id, incarnation, address, sinceMs }
  const running = relayed === true ? { ...known, relayed } : known
  shard.mutate({ type: 'note', job: shard.expected(granted.job), running })
}
