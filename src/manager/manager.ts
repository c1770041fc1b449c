/**
 * The manager of a pipeline, as a life: it waits for its shard, owns it (owned-shard.ts), and loses it or
 * hands it over. On a store that several managers may use, who has lost it waits again.
 */
import { hostname } from 'node:os'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { LimitedLog } from '../runtime/logger.ts'
import type { Service, ServiceState } from '../runtime/service.ts'
import type { ShardRef } from '../storage/contract.ts'
import { EventPublisher } from '../wire/event-publisher.ts'
import type { ManagerStatus } from '../wire/replies.ts'
import type { Doors } from './doors.ts'
import { ownerName, type Lease } from './lease.ts'
import type { ManagerOptions } from './manager-options.ts'
import { OwnedShard } from './owned-shard.ts'
import { Standby } from './standby.ts'

/** Another process owns the shard by now, or the store is away: of a shared store, a reason to wait. */
const losses: readonly unknown[] = [
  ...['CT_FENCED', 'CT_STORE_FAILED', 'CT_OUTCOME_UNKNOWN', 'CT_UNREACHABLE'],
]

export class Manager implements Service {
  readonly #options: ManagerOptions
  readonly #clock: Clock
  readonly #ref: ShardRef
  readonly #id: string
  readonly #feed: EventPublisher
  readonly #rejected: LimitedLog
  readonly #standby: Standby
  #state: ServiceState = 'new'
  #shard: OwnedShard | undefined
  #startedMs = 0
  /** Resolves when a wait for the shard, or what follows it, is over. */
  #taking: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined

  constructor(options: ManagerOptions) {
    const { storage, spec, logger } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#ref = { pipeline: spec.name, shard: 0 }
    this.#id = options.managerId ?? `${hostname()}:${process.pid}`
    const nowMs = () => this.#clock.nowMs()
    this.#feed = new EventPublisher(this.#id, nowMs)
    this.#rejected = new LimitedLog(nowMs, (message, fields) => logger.warn(message, fields))
    this.#standby = new Standby({
      ...{ logger, nowMs },
      lease: {
        ...{ storage, ref: this.#ref, owner: ownerName(options.managerId) },
        onLost: (error) => this.#failed(error),
      },
      onHeld: (heldBy) => {
        if (this.#state === 'starting') this.#state = 'standby'
        options.onStandby?.(heldBy)
      },
    })
  }

  get state(): ServiceState {
    return this.#state
  }

  /** Where the doors are bound, while it owns the shard. */
  get addresses(): Doors['announced'] {
    return this.#owned().doors.announced
  }

  /**
   * Opens the store, takes the shard, opens the doors. While somebody else owns the shard of a shared
   * store it stands by, for as long as that lasts, or until `stop`. Rejects with a coded error and leaves
   * nothing open.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'starting'
    this.#startedMs = this.#clock.nowMs()
    const { storage } = this.#options
    try {
      await storage.open()
      this.#taking = this.#ownFirst()
      await this.#taking
    } catch (error) {
      await storage.close()
      this.#state = 'stopped'
      throw error
    }
  }

  /** No new grants, no new jobs; what was accepted is committed; then everything is closed. */
  async stop(): Promise<void> {
    if (this.#state === 'running' || this.#state === 'standby') this.#stopping = this.#stop()
    await this.#stopping
  }

  status(): ManagerStatus {
    return this.#owned().status()
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping'
    this.#standby.stop()
    await this.#taking.catch(() => undefined)
    await this.#shard?.handOver()
    await this.#options.storage.close()
    this.#state = 'stopped'
  }

  async #ownFirst(): Promise<void> {
    try {
      await this.#own(await this.#standby.acquire())
    } catch (error) {
      // Who has stood by goes on waiting; who could begin at once says what hinders it.
      if (this.#state !== 'standby' || !this.#isLoss(error)) throw error
      await this.#ownAgain(error)
    }
  }

  async #own(lease: Lease | undefined): Promise<void> {
    if (lease === undefined) return
    const shard = new OwnedShard(lease, {
      ...{ options: this.#options, ref: this.#ref, clock: this.#clock, feed: this.#feed },
      ...{ managerId: this.#id, startedMs: this.#startedMs },
      rejectedMessages: () => this.#rejected.total,
      onRejected: (error) => this.#reject(error),
      onFailed: (error) => this.#failed(error),
    })
    this.#shard = shard
    try {
      await shard.open()
    } catch (error) {
      this.#shard = undefined
      shard.abandon()
      await lease.release().catch(() => undefined)
      throw error
    }
    if (this.#shard !== shard) throw lease.lapsed()
    if (this.#state !== 'stopping') this.#state = 'running'
    this.#options.onOwning?.()
  }

  /** A message that is not of the protocol harms nobody: counted, and logged once a second at most. */
  #reject(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#rejected.log('dropped a message', { reason })
  }

  #failed(error: unknown): void {
    const shard = this.#shard
    if (shard === undefined) return
    this.#shard = undefined
    shard.abandon()
    // Whoever opens it, or hands it over, sees that it is gone.
    if (this.#state !== 'running') return
    if (!this.#isLoss(error)) return this.#fatal(error)
    this.#state = 'standby'
    this.#taking = this.#ownAgain(error).catch((cause: unknown) => this.#fatal(cause))
  }

  async #ownAgain(lost: unknown): Promise<void> {
    for (let why = lost; ;) {
      const reason = why instanceof Error ? why.message : String(why)
      this.#options.logger.warn('the shard is lost: standing by', { reason })
      try {
        return await this.#own(await this.#standby.acquire())
      } catch (error) {
        if (!this.#isLoss(error)) throw error
        why = error
      }
    }
  }

  /** What ends an ownership, and not the manager: somebody else, or it again, goes on from the store. */
  #isLoss(error: unknown): boolean {
    const { shared } = this.#options.storage.info().capabilities
    return shared && isCarbontubeError(error) && losses.includes(error.code)
  }

  #fatal(error: unknown): void {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopped'
    void this.#options.storage.close().finally(() => this.#options.onFatal(error))
  }

  #owned(): OwnedShard {
    if (this.#shard === undefined) {
      throw new CarbontubeError('CT_STOPPED', 'the manager does not own its shard')
    }
    return this.#shard
  }
}
