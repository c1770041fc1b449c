/**
 * The workers an owner knows: what they announced, how much credit they gave, which orders they have
 * acknowledged. Choosing a worker is here too, because fairness is a property of this table.
 *
 * Orders (grants and aborts) carry a sequence per worker incarnation. The worker acknowledges the
 * contiguous part and the set of later ones; what is not acknowledged is kept here and sent again on a
 * new connection, or when a ping that was sent later has come back without it.
 */
import type { WorkerHealth, WorkerInfo } from './event.ts'
import type { Grant, TokenKey } from './job.ts'
import { NumberWindow } from './number-window.ts'
import type { Token } from './token.ts'
import { TransientMap } from './transient-map.ts'

/** Something sent to a worker that must arrive. */
export type Order =
  | { readonly type: 'grant'; readonly grant: Grant; pingAtSend: number; sends: number }
  | {
      readonly type: 'abort'
      readonly token: Token
      readonly reason: 'cancelled' | 'superseded'
      pingAtSend: number
      sends: number
    }
  | { readonly type: 'drain' | 'resume'; pingAtSend: number; sends: number }
  /** A grant that was given up: fills the hole. */
  | { readonly type: 'skip'; pingAtSend: number; sends: number }

export interface Worker {
  info: WorkerInfo
  /** Phases of this pipeline that it can run. */
  readonly phases: readonly number[]
  /** `connecting` → `opened` (stream named, roll called) → `rolled` (answered: it may be granted jobs). */
  link: 'connecting' | 'opened' | 'rolled'
  credit: number
  /** Grants it holds, also those whose job is settled meanwhile: a slot is free when the worker says so. */
  readonly grants: TransientMap<TokenKey, Grant>
  /** Number of the newest grant to it, over all workers: the oldest goes first among equals. */
  lastGrant: number
  lastSeenMs: number
  isSilent: boolean
  /** Slots lost to runs that ignore their abort. */
  stuck: number
  isLeaving: boolean
  /** It was ordered to leave, and may not have said yet that it does. */
  isDraining: boolean
  lastReport: number
  nextOrder: number
  /** By their numbers; the worker acknowledges each within seconds, or it is filled. */
  readonly unacknowledged: NumberWindow<Order>
  ping: number
  /** The ping that went with the newest `open`: a report that echoes it was written after it. */
  openPing: number
  /** The newest ping that a report has echoed. */
  echoedPing: number
  /** Runs it was told to abort: told once, not at every digest. */
  aborted: Set<TokenKey>
  /** Holds a job that must be alone: it gets no other until that one has ended. */
  runsAlone: boolean
  /** Gets no new grants, so that it is empty soon: a job that must be alone waits. */
  isEmptying: boolean
  done: number
  failed: number
  /** Moving average of how long its runs took; 0 before the first. */
  durationMs: number
  health: WorkerHealth | undefined
}

/** What must be known of a worker that was lost, should the same incarnation come back: its stream lives on. */
interface Stream {
  readonly nextOrder: number
  readonly ping: number
  readonly unacknowledged: readonly number[]
  readonly isDraining: boolean
}

/** Streams of lost workers kept at once, the newest. */
const lostStreamsMax = 1_000

export class Workers {
  readonly #byIncarnation = new Map<string, Worker>()
  readonly #byPhase: Worker[][]
  /** At most one worker of a phase is being emptied; phases of one class may have chosen the same. */
  readonly #emptying = new Map<number, Worker>()
  readonly #lostStreams = new Map<string, Stream>()

  constructor(phases: number) {
    this.#byPhase = Array.from({ length: phases }, () => [])
  }

  get size(): number {
    return this.#byIncarnation.size
  }

  get(incarnation: string): Worker | undefined {
    return this.#byIncarnation.get(incarnation)
  }

  all(): Iterable<Worker> {
    return this.#byIncarnation.values()
  }

  ofPhase(phase: number): readonly Worker[] {
    return this.#byPhase[phase] ?? []
  }

  add(info: WorkerInfo, phases: readonly number[], nowMs: number): Worker {
    // Written out: V8 gives each object that is spread from several a shape of its own, which makes all of
    // them slow to read, and every choice reads all workers of a phase.
    const worker: Worker = {
      info,
      phases,
      link: 'connecting',
      credit: 0,
      grants: new TransientMap(),
      lastGrant: 0,
      lastSeenMs: nowMs,
      isSilent: false,
      stuck: 0,
      isLeaving: false,
      isDraining: false,
      lastReport: -1,
      nextOrder: 1,
      unacknowledged: new NumberWindow(),
      ping: 0,
      openPing: 0,
      echoedPing: 0,
      aborted: new Set(),
      runsAlone: false,
      isEmptying: false,
      done: 0,
      failed: 0,
      durationMs: 0,
      health: undefined,
    }
    this.#takeUpStream(worker)
    this.#byIncarnation.set(info.incarnation, worker)
    for (const phase of phases) this.#byPhase[phase]?.push(worker)
    return worker
  }

  remove(worker: Worker): void {
    this.#byIncarnation.delete(worker.info.incarnation)
    this.#keepStream(worker)
    for (const phase of worker.phases) {
      if (this.#emptying.get(phase) === worker) this.#emptying.delete(phase)
      const list = this.#byPhase[phase]
      const at = list?.indexOf(worker) ?? -1
      if (at >= 0) list?.splice(at, 1)
    }
  }

  #keepStream({ info, nextOrder, ping, unacknowledged, isDraining }: Worker): void {
    const stream = { nextOrder, ping, unacknowledged: [...unacknowledged.keys()], isDraining }
    this.#lostStreams.set(info.incarnation, stream)
    for (const incarnation of this.#lostStreams.keys()) {
      if (this.#lostStreams.size <= lostStreamsMax) return
      this.#lostStreams.delete(incarnation)
    }
  }

  /** Numbers go on, or the worker would take new orders for old ones; what may not have arrived is filled. */
  #takeUpStream(worker: Worker): void {
    const stream = this.#lostStreams.get(worker.info.incarnation)
    if (stream === undefined) return
    this.#lostStreams.delete(worker.info.incarnation)
    const { nextOrder, ping, unacknowledged, isDraining } = stream
    Object.assign(worker, { nextOrder, ping, isDraining })
    for (const order of unacknowledged) {
      worker.unacknowledged.set(order, { type: 'skip', pingAtSend: ping, sends: 0 })
    }
  }

  /**
   * The worker of the phase that should get the next job: the smallest share in use (grants ÷ concurrency)
   * among those with free credit, then the one granted longest ago.
   */
  choose(phase: number): Worker | undefined {
    let best: Worker | undefined
    let bestShare = 0
    for (const worker of this.ofPhase(phase)) {
      if (!hasFreeCredit(worker)) continue
      const share = worker.grants.size / worker.info.concurrency
      if (best !== undefined && share > bestShare) continue
      if (best !== undefined && share === bestShare && worker.lastGrant > best.lastGrant) continue
      best = worker
      bestShare = share
    }
    return best
  }

  /** An empty worker, for a job that must be alone. */
  chooseEmpty(phase: number): Worker | undefined {
    return this.ofPhase(phase).find(
      (worker) => mayBeGranted(worker) && worker.credit > 0 && worker.grants.size === 0,
    )
  }

  /** Has the least busy worker of the phase finish what it holds and get nothing new. */
  keepOneFromNewGrants(phase: number): void {
    const emptying = this.#emptying.get(phase)
    if (emptying !== undefined && mayBeGranted(emptying)) return
    this.keepNoneFromNewGrants(phase)
    let least: Worker | undefined
    for (const worker of this.ofPhase(phase)) {
      if (!mayBeGranted(worker) || worker.runsAlone) continue
      if (least === undefined || worker.grants.size < least.grants.size) least = worker
    }
    if (least === undefined) return
    least.isEmptying = true
    this.#emptying.set(phase, least)
  }

  keepNoneFromNewGrants(phase: number): void {
    const emptying = this.#emptying.get(phase)
    if (emptying === undefined) return
    this.#emptying.delete(phase)
    emptying.isEmptying = [...this.#emptying.values()].includes(emptying)
  }
}

/** The weight of the newest run in the average. */
const newestWeight = 0.1

/** A run of it has ended. */
export function hasTaken(worker: Worker, ms: number): void {
  const { durationMs } = worker
  worker.durationMs = durationMs === 0 ? ms : durationMs + newestWeight * (ms - durationMs)
}

export function mayBeGranted(worker: Worker): boolean {
  const { link, isSilent, isLeaving, isDraining } = worker
  return link === 'rolled' && !isSilent && !isLeaving && !isDraining
}

export function hasFreeCredit(worker: Worker): boolean {
  return (
    mayBeGranted(worker) &&
    !worker.runsAlone &&
    !worker.isEmptying &&
    worker.grants.size < worker.credit
  )
}

/** Gives an order its number on the worker's stream, and keeps it until it is acknowledged. */
export function keepOrder(worker: Worker, kept: Order): number {
  const order = worker.nextOrder
  worker.nextOrder += 1
  worker.unacknowledged.set(order, kept)
  return order
}

/** Notes the acknowledged orders of a report: their grants have arrived. */
export function acknowledge(worker: Worker, through: number, also: readonly number[]): void {
  const { unacknowledged } = worker
  for (let order = unacknowledged.first; order !== undefined && order <= through;) {
    arrived(worker, order)
    order = unacknowledged.first
  }
  for (const order of also) arrived(worker, order)
}

function arrived(worker: Worker, order: number): void {
  const kept = worker.unacknowledged.get(order)
  worker.unacknowledged.delete(order)
  if (kept?.type === 'grant') kept.grant.received = true
}
