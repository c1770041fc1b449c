/**
 * The loop around one shard's core: events in, groups committed, effects performed. Commits run one at a
 * time; while one is in flight, the next gathers. Nothing here decides anything.
 */
import type { Effect } from '../core/effect.ts'
import type { Event } from '../core/event.ts'
import { Fifo } from '../core/fifo.ts'
import type { Group } from '../core/mutation.ts'
import type { ShardOwner } from '../core/shard-owner.ts'
import { isCarbontubeError } from '../errors/errors.ts'
import type { PassCheckpoint } from '../runtime/checkpoint.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { ShardRef, Storage } from '../storage/contract.ts'
import type { Lease } from './lease.ts'
import type { OwnerLoads } from './owner-loads.ts'

export interface ShardLoopParts {
  readonly owner: ShardOwner
  /** Once it is over nothing is decided, written or sent any more. */
  readonly lease: Pick<Lease, 'epoch' | 'isOver' | 'lapsed'>
  readonly ref: ShardRef
  readonly storage: Storage
  readonly loads: OwnerLoads
  readonly clock: Clock
  readonly logger: Logger
  readonly checkpoint: PassCheckpoint | undefined
  /** Sends what the core orders; loads are done here. */
  perform(effect: Exclude<Effect, LoadEffect>): void
  /** Everything that could be sent in this turn has been performed. */
  turnEnded(): void
  /** The store has a newer owner, or is broken: this manager must stop. */
  onFatal(error: unknown): void
}

/** The effects that read the store. */
export type LoadEffect = Extract<Effect, { type: 'LoadReady' | 'LoadDue' | 'LookUpJobs' }>

function isLoad(effect: Effect): effect is LoadEffect {
  return effect.type === 'LoadReady' || effect.type === 'LoadDue' || effect.type === 'LookUpJobs'
}

/** Pauses between tries of a group whose outcome is unknown, in milliseconds. */
const retryPausesMs = [50, 100, 250, 500, 1_000]

export class ShardLoop {
  readonly #parts: ShardLoopParts
  #isTurnPlanned = false
  #isCommitting = false
  /** Groups that the store has answered. */
  #answered = 0
  #isStopped = false
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Infinity
  #whenIdle: (() => void)[] = []
  readonly #whenDurable = new Fifo<{ readonly barrier: number; readonly resolve: () => void }>()
  /** Of those that are in turn: each brings as many jobs as memory should have at once. */
  #lookUps: Promise<void> = Promise.resolve()
  /** How late timers have been in the last seconds, at most, in milliseconds. */
  loopLagMs = 0

  constructor(parts: ShardLoopParts) {
    this.#parts = parts
  }

  nowMs(): number {
    return this.#parts.clock.nowMs()
  }

  handle(event: Event): void {
    if (this.#isStopped || this.#isTimeOver()) return
    if (event.type === 'WorkerReported' && event.report.results.length > 0) {
      this.#parts.checkpoint?.('manager.resultsReceived')
    }
    try {
      this.#perform(this.#parts.owner.handle(event))
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#planTurn()
  }

  /**
   * Resolves when nothing waits to be written or sent; at once when it was stopped. A store that answers no group
   * for `patienceMs` stops it: whoever waits for what is not written is told nothing.
   */
  idle(patienceMs: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    return new Promise((resolve) => {
      let before = this.#answered
      const look = setInterval(() => {
        if (this.#answered === before) this.#loseHope(patienceMs)
        before = this.#answered
      }, patienceMs)
      this.#whenIdle.push(() => {
        clearInterval(look)
        resolve()
      })
      this.#planTurn()
    })
  }

  #loseHope(afterMs: number): void {
    const message = 'the store takes nothing more: the rest is left to the next owner'
    this.#parts.logger.warn(message, { afterMs })
    this.stop()
  }

  /** Resolves when everything that was decided until now is in the store, or after `withinMs`. */
  durable(withinMs: number): Promise<void> {
    const { barrier } = this.#parts.owner
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs)
      const confirmed = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#whenDurable.push({ barrier, resolve: confirmed })
      this.#planTurn()
    })
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    for (const resolve of this.#whenIdle.splice(0)) resolve()
    for (const { resolve } of this.#whenDurable.takeAll()) resolve()
  }

  #planTurn(): void {
    if (this.#isTurnPlanned || this.#isStopped) return
    this.#isTurnPlanned = true
    setImmediate(() => {
      this.#isTurnPlanned = false
      if (this.#isStopped) return
      this.#parts.turnEnded()
      this.#armTimer()
      void this.#commitNext()
    })
  }

  async #commitNext(): Promise<void> {
    if (this.#isCommitting) return
    this.#checkDurable()
    const group = this.#parts.owner.nextGroup()
    if (group === undefined) return this.#checkIdle()
    this.#isCommitting = true
    try {
      const effects = await this.#commit(group)
      this.#isCommitting = false
      this.#answered += 1
      if (this.#isStopped || this.#isTimeOver()) return
      this.#perform(effects)
      this.#parts.turnEnded()
      this.#planTurn()
    } catch (error) {
      this.#isCommitting = false
      this.#fail(error)
    }
  }

  async #commit(group: Group): Promise<readonly Effect[]> {
    const { storage, ref, lease, owner, logger, checkpoint } = this.#parts
    for (let tries = 0; ; tries++) {
      try {
        checkpoint?.('manager.beforeCommit')
        const answer = await storage.commit(ref, lease.epoch, group)
        checkpoint?.('manager.afterCommit')
        return owner.committed(group, answer, this.nowMs())
      } catch (error) {
        const code = isCarbontubeError(error) ? error.code : undefined
        const isInserts = group.mutations[0]?.type === 'insert'
        if (code === 'CT_STORE_FULL' && isInserts) return owner.refused(group, this.nowMs())
        if (code !== 'CT_OUTCOME_UNKNOWN' && code !== 'CT_STORE_FULL') throw error
        const pauseMs = retryPausesMs[Math.min(tries, retryPausesMs.length - 1)]
        logger.warn('the store did not confirm a group, trying it again', { code, tries, pauseMs })
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        if (this.#isStopped || this.#isTimeOver()) return []
      }
    }
  }

  #checkDurable(): void {
    for (let next = this.#whenDurable.first; next !== undefined; next = this.#whenDurable.first) {
      if (!this.#parts.owner.isDurable(next.barrier)) return
      this.#whenDurable.take()
      next.resolve()
    }
  }

  #checkIdle(): void {
    if (this.#whenIdle.length === 0 || !this.#parts.owner.isIdle) return
    for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (isLoad(effect)) void this.#load(effect).catch((error: unknown) => this.#fail(error))
      else this.#parts.perform(effect)
    }
  }

  async #load(effect: LoadEffect): Promise<void> {
    const { loads } = this.#parts
    const { load } = effect
    if (effect.type === 'LoadReady') {
      const { phase } = effect
      const { jobs, exhausted } = await loads.ready(effect)
      this.handle({ type: 'ReadyLoaded', nowMs: this.nowMs(), load, phase, jobs, exhausted })
    } else if (effect.type === 'LoadDue') {
      const { jobs, nextDueMs } = await loads.due(effect)
      this.handle({ type: 'DueLoaded', nowMs: this.nowMs(), load, jobs, nextDueMs })
    } else if (effect.isInTurn) {
      this.#lookUps = this.#lookUps.then(() => this.#lookUp(effect))
      await this.#lookUps
    } else await this.#lookUp(effect)
  }

  async #lookUp({ load, ids }: Extract<LoadEffect, { type: 'LookUpJobs' }>): Promise<void> {
    if (this.#isStopped) return
    const { storage, ref } = this.#parts
    const jobs = await storage.getJobs(ref, ids)
    this.handle({ type: 'JobsLookedUp', nowMs: this.nowMs(), load, ids, jobs })
  }

  /** One real timer for the core's earliest deadline. */
  #armTimer(): void {
    const deadlineMs = this.#parts.owner.nextDeadlineMs
    if (deadlineMs === undefined || deadlineMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = deadlineMs
    this.#timer = setTimeout(
      () => {
        this.#timerAtMs = Infinity
        const nowMs = this.nowMs()
        this.loopLagMs = Math.max(this.loopLagMs * 0.9, nowMs - deadlineMs)
        this.handle({ type: 'TimerFired', nowMs })
      },
      Math.max(0, deadlineMs - this.nowMs()),
    )
  }

  #isTimeOver(): boolean {
    const { lease } = this.#parts
    if (!lease.isOver) return false
    this.#fail(lease.lapsed())
    return true
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return
    this.stop()
    this.#parts.onFatal(error)
  }
}
