/**
 * The ping to a worker: whether it hears, which of its reports have been read, and how much work waits here.
 * A worker of several owners lends its credit by it, so it is sent at once when any of that changes.
 */
import { isPaused } from './assigning.ts'
import type { Shard } from './shard.ts'
import type { Worker } from './workers.ts'

/** More than any worker has credit. */
const waitingMax = 100_000

export function ping(shard: Shard, worker: Worker): void {
  worker.ping += 1
  const { incarnation } = worker.info
  const seen = Math.max(0, worker.lastReport)
  const waiting = worker.phases.reduce((sum, phase) => sum + waitingIn(shard, phase), 0)
  shard.effect({
    ...{ type: 'Ping' as const, incarnation, ping: worker.ping, seen },
    waiting: Math.min(waiting, waitingMax),
  })
}

/** Work has begun to wait for slots of a phase, or waits no longer: its workers may have credit elsewhere. */
export function tellOfWaiting(shard: Shard, phase: number): void {
  const isWaiting = waitingIn(shard, phase) > 0
  if (shard.toldOfWaiting.has(phase) === isWaiting) return
  if (isWaiting) shard.toldOfWaiting.add(phase)
  else shard.toldOfWaiting.delete(phase)
  for (const worker of shard.workers.ofPhase(phase)) {
    if (worker.link === 'rolled') ping(shard, worker)
  }
}

function waitingIn(shard: Shard, phase: number): number {
  return isPaused(shard, phase) || shard.draining ? 0 : shard.ready(phase).waiting
}
