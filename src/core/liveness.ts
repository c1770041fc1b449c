/**
 * Workers come, report, fall silent and go. Three different questions are kept apart: is the process
 * there (`WorkerLost`, from the connection), does its loop run (`isSilent`, from the reports), does the
 * job get on (time-outs, kept by the worker itself). Silence on a live connection never releases
 * anything; it only stops new grants. But behind a relay the connection says nothing of the process: there
 * only silence can tell that it is gone, so long a silence that few runs block their loop for it.
 */
import { noteRunning, sendGrant } from './assigning.ts'
import type { HeldToken, LossCause, WorkerInfo, WorkerReport } from './event.ts'
import { unreachable } from './invariant.ts'
import type { Grant, JobRecord, TokenKey } from './job.ts'
import { ping } from './pinging.ts'
import type { Recovery } from './recovery.ts'
import { receiveResult } from './results.ts'
import { giveBack, release } from './settling.ts'
import type { Shard } from './shard.ts'
import { acknowledge, keepOrder, type Order, type Worker } from './workers.ts'

/** A worker without a connection of its own that says nothing is forgotten after this many silent periods. */
const forgetAfterPeriods = 8
/** Jobs that a lost worker is said to have had. */
const jobsToldMax = 20

export class Liveness {
  readonly #shard: Shard
  readonly #recovery: Recovery
  #lastBeatMs: number | undefined

  constructor(shard: Shard, recovery: Recovery) {
    this.#shard = shard
    this.#recovery = recovery
  }

  /**
   * Jobs that an earlier owner has noted as running are taken to be with their workers still, under the
   * same token, until the worker says otherwise, or is dead, or cannot be reached: a worker whose loop is
   * blocked answers no roll call, and its job must not be run twice for that.
   */
  presume(noted: readonly JobRecord[]): void {
    const since = ({ running }: JobRecord) => running?.sinceMs ?? 0
    for (const record of [...noted].sort((a, b) => since(a) - since(b))) {
      const { running, phase } = record
      const jobType = this.#shard.config.spec.phases[phase]?.jobType
      if (running === undefined || jobType === undefined) continue
      const { worker: id, incarnation, address, relayed = false } = running
      const unknown = { concurrency: 1, host: '', pid: 0, version: '' }
      this.announced({ id, incarnation, address, jobType, relayed, ...unknown }, true)
      this.#recovery.presume(record, running)
    }
  }

  announced(info: WorkerInfo, mayBeGone = false): Worker | undefined {
    const shard = this.#shard
    const known = shard.workers.get(info.incarnation)
    if (known !== undefined) {
      // What a note said of it was not complete.
      known.info = info
      return known
    }
    const phases = shard.config.spec.phases.flatMap((phase, index) =>
      phase.jobType === info.jobType ? [index] : [],
    )
    const isOurs = phases.length > 0
    // An address has one incarnation at a time: whoever was there before is dead.
    for (const other of shard.workers.all()) {
      if (other.info.address === info.address) this.#replaced(other, isOurs)
    }
    if (!isOurs || shard.workers.size >= shard.config.limits.workersMax) return undefined
    const worker = shard.workers.add(info, phases, shard.nowMs)
    const { incarnation, address, id, jobType } = info
    const connect = { type: 'ConnectWorker', incarnation, address } as const
    shard.effect(mayBeGone ? { ...connect, mayBeGone } : connect)
    shard.publish({ type: 'workerJoined', worker: id, jobType })
    return worker
  }

  /** A connection stands: name the stream and call the roll. */
  connected(incarnation: string): void {
    const worker = this.#shard.workers.get(incarnation)
    if (worker === undefined) return
    const isFirst = worker.openPing === 0
    worker.link = 'opened'
    worker.openPing = worker.ping + 1
    this.#open(worker)
    if (isFirst && worker.isDraining) tellWill(this.#shard, worker, 'drain')
  }

  #open(worker: Worker): void {
    worker.ping += 1
    // Orders that were sent before it knew the stream are sent again: it must not take them for received.
    const nextOrder = worker.unacknowledged.first ?? worker.nextOrder
    const { incarnation } = worker.info
    this.#shard.effect({ type: 'OpenStream', incarnation, nextOrder, ping: worker.ping })
  }

  disconnected(incarnation: string): void {
    const worker = this.#shard.workers.get(incarnation)
    if (worker !== undefined) worker.link = 'connecting'
  }

  lost(incarnation: string, cause: LossCause): void {
    const shard = this.#shard
    const worker = shard.workers.get(incarnation)
    if (worker === undefined) return
    const jobs: string[] = []
    for (const granted of [...worker.grants.values()]) {
      if (granted.job.grant !== granted) continue
      jobs.push(granted.job.id)
      if (granted.received) release(shard, granted, cause)
      else giveBack(shard, granted)
    }
    shard.workers.remove(worker)
    shard.effect({ type: 'DisconnectWorker', incarnation })
    const few = jobs.slice(0, jobsToldMax)
    shard.publish({
      ...{ type: 'workerLost', worker: worker.info.id, cause, released: jobs.length, jobs: few },
    })
  }

  /** A stranger is not believed against a worker that has answered on its present connection. */
  #replaced(worker: Worker, isByOurs: boolean): void {
    if (isByOurs || worker.link !== 'rolled') this.lost(worker.info.incarnation, 'replaced')
  }

  reported(report: WorkerReport): void {
    const shard = this.#shard
    const { incarnation, insteadOf } = report
    const missed = insteadOf === undefined ? undefined : shard.workers.get(insteadOf)
    if (missed !== undefined) this.#replaced(missed, false)
    const worker =
      report.info === undefined ? shard.workers.get(incarnation) : this.announced(report.info)
    // What it says of another owner's stream is no news about ours; its results are looked at anyhow.
    const isOurs = report.stream === shard.config.nonce
    if (worker !== undefined && isOurs && report.number > worker.lastReport) {
      this.#update(worker, report)
    }
    if (worker !== undefined && !isOurs) this.#remind(worker)
    if (this.#isOfAnother(report)) return
    for (const result of report.results) {
      receiveResult(shard, this.#recovery, incarnation, result)
    }
  }

  /** Its results are of jobs that another owner knows, and that this one would call gone. */
  #isOfAnother({ pipeline, shard }: WorkerReport): boolean {
    const { spec, shard: own } = this.#shard.config
    return pipeline !== undefined && (pipeline !== spec.name || shard !== own)
  }

  /** It is there, and has said nothing on our stream for long: it may have forgotten it for another owner's. */
  #remind(worker: Worker): void {
    if (worker.isSilent && worker.link === 'rolled') this.connected(worker.info.incarnation)
  }

  /** Once a beat: who has fallen silent, and a ping to everybody. */
  beat(): void {
    const { nowMs, workers, config } = this.#shard
    const { beatMs, loopGapMs, silentAfterMs } = config.limits
    const wasAsleep =
      this.#lastBeatMs !== undefined && nowMs - this.#lastBeatMs > beatMs + loopGapMs
    this.#lastBeatMs = nowMs
    for (const worker of [...workers.all()]) {
      if (wasAsleep) worker.lastSeenMs = nowMs
      const silentMs = nowMs - worker.lastSeenMs
      worker.isSilent = silentMs > silentAfterMs
      this.#noteLongRuns(worker)
      const hasNoLink = worker.link === 'connecting' || worker.info.relayed === true
      if (hasNoLink && silentMs > silentAfterMs * forgetAfterPeriods) {
        this.lost(worker.info.incarnation, 'linkLost')
        continue
      }
      if (worker.link === 'connecting') continue
      // An `open` without an answer may be lost, and without it the worker does not know the stream.
      if (worker.link === 'opened') {
        this.#open(worker)
        continue
      }
      ping(this.#shard, worker)
    }
  }

  #update(worker: Worker, report: WorkerReport): void {
    worker.lastReport = report.number
    worker.lastSeenMs = this.#shard.nowMs
    worker.isSilent = false
    const { sharesWorkers = false } = this.#shard.config
    let isAwaited = sharesWorkers && report.credit < worker.credit
    worker.credit = report.credit
    worker.isLeaving = report.leaving
    worker.stuck = report.stuck ?? 0
    worker.health = report.health ?? worker.health
    acknowledge(worker, report.through, report.also)
    if (report.held !== undefined) this.#digest(worker, report.held)
    if (worker.link === 'opened' && report.ping >= worker.openPing && report.held !== undefined) {
      worker.link = 'rolled'
      isAwaited = sharesWorkers
    }
    if (report.ping > worker.echoedPing) {
      worker.echoedPing = report.ping
      this.#sendMissingAgain(worker, report.ping)
    }
    // It lends what it took away to another owner, once it knows that this one has heard.
    if (isAwaited) ping(this.#shard, worker)
  }

  /** Compares what the worker says it holds with what it was granted. */
  #digest(worker: Worker, held: readonly HeldToken[]): void {
    const shard = this.#shard
    const keys = new Set<TokenKey>()
    for (const item of held) {
      const key = shard.keyOf(item.token)
      keys.add(key)
      const granted = worker.grants.get(key)
      if (granted === undefined) {
        if (item.state !== 'finished' || shard.rollCallOpen) this.#recovery.claim(worker, item)
        continue
      }
      granted.startedMs = item.startedMs
    }
    for (const granted of [...worker.grants.values()]) {
      granted.missing = granted.received && !keys.has(granted.key) ? granted.missing + 1 : 0
      if (granted.missing < 2) continue
      shard.freeSlot(worker, granted.key)
      if (granted.job.grant === granted) release(shard, granted, 'missing')
    }
    for (const key of worker.aborted) if (!keys.has(key)) worker.aborted.delete(key)
  }

  /** Whether it says anything or not: a run that blocks its worker's loop is as long as any. */
  #noteLongRuns(worker: Worker): void {
    const { nowMs, config } = this.#shard
    for (const granted of worker.grants.values()) {
      if (granted.noted || !granted.received || granted.job.grant !== granted) continue
      if (nowMs - granted.grantedMs < config.limits.runningRecordAfterMs) continue
      noteRunning(this.#shard, worker, granted)
    }
  }

  /** A ping that was sent after an order has come back, and the order has not arrived. */
  #sendMissingAgain(worker: Worker, ping: number): void {
    for (const [order, kept] of worker.unacknowledged) {
      if (kept.pingAtSend >= ping) continue
      const isGivenUp = kept.sends > this.#shard.config.limits.grantResendsMax
      if (isGivenUp && kept.type === 'grant') this.#giveUp(worker, order, kept.grant)
      this.#sendAgain(worker, order)
    }
  }

  #giveUp(worker: Worker, order: number, granted: Grant): void {
    worker.unacknowledged.set(order, { type: 'skip', pingAtSend: worker.ping, sends: 0 })
    this.#shard.freeSlot(worker, granted.key)
    if (granted.job.grant === granted) giveBack(this.#shard, granted)
  }

  #sendAgain(worker: Worker, order: number): void {
    const kept: Order | undefined = worker.unacknowledged.get(order)
    if (kept === undefined) return
    kept.sends += 1
    kept.pingAtSend = worker.ping
    this.#shard.counters.resent += 1
    const { incarnation } = worker.info
    switch (kept.type) {
      case 'grant':
        return this.#sendGrantAgain(worker, order, kept.grant)
      case 'abort': {
        const { token, reason } = kept
        return this.#shard.effect({ type: 'Abort', incarnation, order, token, reason })
      }
      case 'drain':
      case 'resume':
        return this.#shard.effect({ type: wills[kept.type], incarnation, order })
      case 'skip':
        return this.#shard.effect({ type: 'Skip', incarnation, order })
      default:
        return unreachable(kept)
    }
  }

  #sendGrantAgain(worker: Worker, order: number, granted: Grant): void {
    if (granted.job.grant === granted) return sendGrant(this.#shard, granted)
    // Settled or superseded meanwhile: the order is filled, not repeated.
    worker.unacknowledged.set(order, { type: 'skip', pingAtSend: worker.ping, sends: 1 })
    this.#shard.freeSlot(worker, granted.key)
    this.#shard.effect({ type: 'Skip', incarnation: worker.info.incarnation, order })
  }
}

/**
 * The worker gets nothing new from now on, and is told to leave. Not before its stream is open: it takes
 * what was ordered earlier as received.
 */
export function drainWorker(shard: Shard, worker: Worker): void {
  if (worker.isDraining) return
  worker.isDraining = true
  if (worker.openPing > 0) tellWill(shard, worker, 'drain')
}

/** Also when an earlier owner, or another one of its pipelines, has told it to leave: then it says that it does. */
export function resumeWorker(shard: Shard, worker: Worker): void {
  if (!worker.isDraining && !worker.isLeaving) return
  worker.isDraining = false
  if (worker.openPing > 0) tellWill(shard, worker, 'resume')
}

const wills = { drain: 'Drain', resume: 'Resume' } as const

/** The newest counts, in whatever order they arrive: the worker goes by their numbers. */
function tellWill(shard: Shard, worker: Worker, type: keyof typeof wills): void {
  const order = keepOrder(worker, { type, pingAtSend: worker.ping, sends: 1 })
  shard.effect({ type: wills[type], incarnation: worker.info.incarnation, order })
}
