/** What the owner of a shard says of itself to people: counts, workers, and why work may be waiting. */
import { isPaused } from './assigning.ts'
import { wholePipeline, type Counters, type Shard } from './shard.ts'
import { mayBeGranted, type Worker } from './workers.ts'

export interface PhaseStatus {
  readonly jobType: string
  /** Ready jobs that no worker has yet. */
  readonly waiting: number
  /** Granted jobs. */
  readonly running: number
  readonly workers: number
  /** Slots over all its workers. */
  readonly concurrency: number
  readonly paused: boolean
}

export interface WorkerStatus {
  readonly id: string
  readonly jobType: string
  readonly address: string
  readonly concurrency: number
  readonly credit: number
  readonly running: number
  readonly done: number
  readonly failed: number
  /** Slots lost to runs that ignore their abort: the worker ends when the others have. */
  readonly stuck: number
  /**
   * `busyLoop`: the process is there and does not report, as when a phase computes without a pause;
   * `silent`: its connection is gone as well.
   */
  readonly state: 'connecting' | 'ready' | 'busyLoop' | 'silent' | 'leaving'
}

export interface ShardStatus {
  readonly shard: number
  readonly epoch: number
  /** The whole pipeline is paused; `phases` say which of them are, thereby or on their own. */
  readonly paused: boolean
  readonly phases: readonly PhaseStatus[]
  readonly scheduled: number
  /** Submitted and not yet in the store. */
  readonly uncommitted: number
  readonly settled: { readonly done: number; readonly dead: number; readonly cancelled: number }
  readonly counters: Readonly<Counters>
  readonly workers: readonly WorkerStatus[]
  readonly rollCallOpen: boolean
}

export function describeShard(shard: Shard, uncommitted: number): ShardStatus {
  const { counters, settledBefore } = shard
  const running = new Map<number, number>()
  for (const worker of shard.workers.all()) {
    for (const { job, phase } of worker.grants.values()) {
      if (job.grant !== undefined) running.set(phase, (running.get(phase) ?? 0) + 1)
    }
  }
  return {
    shard: shard.config.shard,
    epoch: shard.config.epoch,
    paused: shard.paused.has(wholePipeline),
    phases: shard.config.spec.phases.map(({ jobType }, phase) => ({
      jobType,
      waiting: shard.ready(phase).waiting,
      running: running.get(phase) ?? 0,
      workers: shard.workers.ofPhase(phase).length,
      concurrency: shard.workers
        .ofPhase(phase)
        .reduce((sum, { info }) => sum + info.concurrency, 0),
      paused: isPaused(shard, phase),
    })),
    scheduled: shard.scheduledCount,
    uncommitted,
    settled: {
      done: settledBefore.done + counters.done,
      dead: settledBefore.dead + counters.dead - counters.redriven - counters.discarded,
      cancelled: settledBefore.cancelled + counters.cancelled,
    },
    counters: { ...counters },
    workers: describeWorkers(shard),
    rollCallOpen: shard.rollCallOpen,
  }
}

function describeWorkers(shard: Shard): WorkerStatus[] {
  return [...shard.workers.all()].map((worker) => {
    const { id, jobType, address, concurrency } = worker.info
    const { credit, done, failed, stuck, grants } = worker
    return {
      ...{ id, jobType, address, concurrency, credit, running: grants.size, done, failed, stuck },
      state: stateOf(worker),
    }
  })
}

function stateOf(worker: Worker): WorkerStatus['state'] {
  if (mayBeGranted(worker)) return 'ready'
  if (worker.isSilent) return worker.link === 'rolled' ? 'busyLoop' : 'silent'
  return worker.isLeaving || worker.isDraining ? 'leaving' : 'connecting'
}
