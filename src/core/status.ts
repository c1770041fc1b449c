/** What the owner of a shard says of itself to people: counts, workers, and why work may be waiting. */
import { isPaused } from './assigning.ts'
import type { WorkerHealth } from './event.ts'
import type { PhaseFigures } from './phase-figures.ts'
import { broken } from './invariant.ts'
import { wholePipeline, type Counters, type Shard } from './shard.ts'
import { mayBeGranted, type Worker } from './workers.ts'

/** How it goes in a phase, as one shard sees it. */
export interface PhaseStatus extends PhaseFigures {
  /** Its name. */
  readonly jobType: string
  /** Ready jobs that no worker has yet. */
  readonly waiting: number
  /** Granted jobs. */
  readonly running: number
  /** Processes. */
  readonly workers: number
  /** Slots over all its workers. */
  readonly concurrency: number
  /** It is, or the whole pipeline is. */
  readonly paused: boolean
  /** Since when, in milliseconds since 1970, the first in the line has been ready; 0 when none waits, or only the store knows. */
  readonly oldestMs: number
}

/** A grant, as people want to see it. */
export interface HeldJob {
  /** Of the job. */
  readonly id: string
  /** Index of its phase. */
  readonly phase: number
  /** From 1, in that phase. */
  readonly attempt: number
  /** When its run began, in milliseconds since 1970; 0: it waits in the worker, or the worker has not said yet. */
  readonly startedMs: number
}

/** How a worker is, as one shard sees it. */
export interface WorkerStatus extends Partial<WorkerHealth> {
  /** For people: `encode-video@encoder1:4242`. */
  readonly id: string
  /** One start of the process: random, never used twice. */
  readonly incarnation: string
  /** Name of its machine. */
  readonly host: string
  /** Of its process there. */
  readonly pid: number
  /** Of the package that it runs. */
  readonly version: string
  /** Of the phase that it executes. */
  readonly jobType: string
  /** Where it takes orders: `tcp://encoder1:3000`. */
  readonly address: string
  /** Jobs at once. */
  readonly concurrency: number
  /** How many jobs this shard may have with it, running or waiting for a slot. */
  readonly credit: number
  /** How many it has. */
  readonly running: number
  /** Attempts that ended well, since this owner took over. */
  readonly done: number
  /** Attempts that did not. */
  readonly failed: number
  /** Slots lost to runs that ignore their abort: the worker ends when the others have. */
  readonly stuck: number
  /**
   * `busyLoop`: the process is there and does not report, as when a phase computes without a pause;
   * `silent`: its connection is gone as well.
   */
  readonly state: 'connecting' | 'ready' | 'busyLoop' | 'silent' | 'leaving'
  /** When its last report came, in milliseconds since 1970. */
  readonly seenMs: number
  /** Moving average of how long its runs took, in milliseconds; 0 before the first. */
  readonly durationMs: number
  /** What it has now, at most 20. */
  readonly jobs: readonly HeldJob[]
}

/** How it goes in one shard of a pipeline. */
export interface ShardStatus {
  /** Its number, from 0. */
  readonly shard: number
  /** Of its ownership. */
  readonly epoch: number
  /** The whole pipeline is paused; `phases` say which of them are, thereby or on their own. */
  readonly paused: boolean
  /** In order. */
  readonly phases: readonly PhaseStatus[]
  /** Jobs that wait for the time of their next attempt. */
  readonly scheduled: number
  /** Submitted and not yet in the store. */
  readonly uncommitted: number
  /** Settled jobs that are kept, as far as this owner knows. */
  readonly settled: { readonly done: number; readonly dead: number; readonly cancelled: number }
  /** What has happened. */
  readonly counters: Readonly<Counters>
  /** Of all phases. */
  readonly workers: readonly WorkerStatus[]
  /** A new owner still asks the workers of the one before what they have. */
  readonly rollCallOpen: boolean
}

/** Settled jobs that the store has, as far as this owner knows. */
export function settledOf({ counters, settledBefore }: Shard): ShardStatus['settled'] {
  return {
    done: settledBefore.done + counters.done,
    dead: settledBefore.dead + counters.dead - counters.redriven - counters.discarded,
    cancelled: settledBefore.cancelled + counters.cancelled,
  }
}

export function describeShard(shard: Shard, uncommitted: number): ShardStatus {
  const { counters } = shard
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
      oldestMs: shard.ready(phase).oldestMs,
      ...figuresOf(shard, phase),
    })),
    scheduled: shard.scheduledCount,
    uncommitted,
    settled: settledOf(shard),
    counters: { ...counters },
    workers: describeWorkers(shard),
    rollCallOpen: shard.rollCallOpen,
  }
}

function describeWorkers(shard: Shard): WorkerStatus[] {
  return [...shard.workers.all()].map((worker) => {
    const { id, incarnation, jobType, address, concurrency, host, pid, version } = worker.info
    const { credit, done, failed, stuck, grants, durationMs, lastSeenMs: seenMs } = worker
    return {
      ...{ id, incarnation, jobType, address, host, pid, version, concurrency, credit },
      ...{ running: grants.size, done, failed, stuck, durationMs, seenMs },
      state: stateOf(worker),
      jobs: heldJobs(worker),
      ...worker.health,
    }
  })
}

const heldJobsShown = 20

function heldJobs({ grants }: Worker): HeldJob[] {
  const held: HeldJob[] = []
  for (const { job, phase, attempt, startedMs } of grants.values()) {
    if (held.length === heldJobsShown) break
    held.push({ id: job.id, phase, attempt, startedMs })
  }
  return held
}

function figuresOf(shard: Shard, phase: number): PhaseFigures {
  return (shard.phaseCounters[phase] ?? broken(`phase ${phase} is not counted`)).read()
}

function stateOf(worker: Worker): WorkerStatus['state'] {
  if (mayBeGranted(worker)) return 'ready'
  if (worker.isSilent) return worker.link === 'rolled' ? 'busyLoop' : 'silent'
  return worker.isLeaving || worker.isDraining ? 'leaving' : 'connecting'
}
