/**
 * The manager of a pipeline: owns its jobs, hands them to workers, answers clients. This file puts the
 * parts together and writes down the order in which they start and stop.
 */
import { hostname } from 'node:os'
import type { Effect } from '../core/effect.ts'
import { defaultLimits, type Limits } from '../core/limits.ts'
import { seededRng } from '../core/rng.ts'
import { unreachable } from '../core/invariant.ts'
import { ShardOwner } from '../core/shard-owner.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { PassCheckpoint } from '../runtime/checkpoint.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { newNonce, newSeed } from '../runtime/entropy.ts'
import { LimitedLog, type Logger } from '../runtime/logger.ts'
import type { Service, ServiceState } from '../runtime/service.ts'
import type { ShardRef, ShardSummary, Storage } from '../storage/contract.ts'
import type { Transport } from '../transport/contract.ts'
import { EventPublisher, topicOf } from '../wire/event-publisher.ts'
import type { ManagerStatus, Welcome } from '../wire/replies.ts'
import { openDoors, type Doors, type DoorAddresses } from './doors.ts'
import { Lease } from './lease.ts'
import { JobReader } from './job-reader.ts'
import { OperatorRequests } from './operator-requests.ts'
import { refuseLostPhases } from './phase-names.ts'
import { Requests, type InputCheck } from './requests.ts'
import { Retention, type RetentionOptions } from './retention.ts'
import { ShardLoop, type LoadEffect } from './shard-loop.ts'
import { checkStore } from './store-check.ts'
import { Waiters } from './waiters.ts'
import { WorkerLinks } from './worker-links.ts'

export interface ManagerOptions {
  readonly spec: PipelineSpec
  readonly storage: Storage
  readonly transport: Transport
  readonly logger: Logger
  readonly doors: DoorAddresses
  readonly version: string
  /** Name for people; default `<host>:<pid>`. */
  readonly managerId?: string
  readonly limits?: Partial<Limits>
  readonly retention?: Partial<RetentionOptions>
  readonly clock?: Clock
  readonly checkInput?: InputCheck
  readonly checkpoint?: PassCheckpoint | undefined
  /** The store has a newer owner, or is broken: the manager has stopped by itself. */
  onFatal(error: unknown): void
}

/** A store that does not answer for so long is itself what an operator wants to see. */
const durableStatusMs = 1_000

interface Running {
  readonly doors: Doors
  readonly loop: ShardLoop
  readonly owner: ShardOwner
  readonly links: WorkerLinks
  readonly requests: Requests
  readonly operators: OperatorRequests
  readonly waiters: Waiters
  readonly retention: Retention
  readonly lease: Lease
}

export class Manager implements Service {
  readonly #options: ManagerOptions
  readonly #clock: Clock
  readonly #ref: ShardRef
  readonly #id: string
  readonly #feed: EventPublisher
  readonly #rejected: LimitedLog
  #state: ServiceState = 'new'
  #running: Running | undefined
  #startedMs = 0

  constructor(options: ManagerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#ref = { pipeline: options.spec.name, shard: 0 }
    this.#id = options.managerId ?? `${hostname()}:${process.pid}`
    const nowMs = () => this.#clock.nowMs()
    this.#feed = new EventPublisher(this.#id, nowMs)
    this.#rejected = new LimitedLog(nowMs, (message, fields) =>
      options.logger.warn(message, fields),
    )
  }

  get state(): ServiceState {
    return this.#state
  }

  /** Where the doors are bound; after `start`. */
  get addresses(): Doors['announced'] {
    return this.#parts().doors.announced
  }

  /** Opens the store, takes the shard, opens the doors. Rejects with a coded error and leaves nothing open. */
  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'starting'
    this.#startedMs = this.#clock.nowMs()
    const { storage, logger } = this.#options
    try {
      await storage.open()
      this.#running = await this.#takeOver()
      this.#running.retention.start()
      this.#state = 'running'
      if (this.#running.lease.isAfterUncleanStop) void checkStore(storage, logger)
    } catch (error) {
      await storage.close()
      this.#state = 'stopped'
      throw error
    }
  }

  /** No new grants, no new jobs; what was accepted is committed; then everything is closed. */
  async stop(): Promise<void> {
    const running = this.#running
    if (this.#state !== 'running' || running === undefined) return
    this.#state = 'stopping'
    running.retention.stop()
    running.loop.handle({ type: 'DrainRequested', nowMs: this.#clock.nowMs() })
    await running.loop.idle()
    running.loop.stop()
    await running.lease.release()
    this.#close(running)
    await this.#options.storage.close()
    this.#state = 'stopped'
  }

  status(): ManagerStatus {
    const { owner, loop } = this.#parts()
    return {
      welcome: this.#welcome(),
      upSinceMs: this.#startedMs,
      loopLagMs: loop.loopLagMs,
      rejectedMessages: this.#rejected.total,
      shards: [owner.status()],
    }
  }

  async #takeOver(): Promise<Running> {
    const { spec, storage, limits } = this.#options
    const lease = await Lease.acquire({
      storage,
      ref: this.#ref,
      owner: this.#id,
      onLost: (error) => this.#fatal(error),
    })
    try {
      const summary = await storage.summarise(this.#ref)
      refuseLostPhases(spec, summary)
      const names = spec.phases.map(({ jobType }) => jobType)
      await storage.registerPipeline(spec.name, names, this.#clock.nowMs())
      const owner = new ShardOwner({
        ...{ spec, shard: 0, epoch: lease.epoch, nonce: newNonce() },
        ...{ limits: { ...defaultLimits, ...limits }, rng: seededRng(newSeed()) },
      })
      return await this.#open(lease, owner, summary)
    } catch (error) {
      await lease.release()
      throw error
    }
  }

  async #open(lease: Lease, owner: ShardOwner, summary: ShardSummary): Promise<Running> {
    const { storage, logger, checkpoint } = this.#options
    const clock = this.#clock
    const loop = new ShardLoop({
      ...{ owner, epoch: lease.epoch, ref: this.#ref, storage, clock, logger },
      checkpoint,
      perform: (effect) => this.#perform(effect, parts),
      turnEnded: () => {
        parts.links.flush()
        parts.waiters.flush()
      },
      onFatal: (error) => this.#fatal(error),
    })
    const parts = await this.#connect(lease, owner, loop)
    loop.handle({
      ...{ type: 'OwnershipTaken', nowMs: this.#clock.nowMs(), nextDueMs: undefined },
      ...summary,
    })
    parts.doors.read()
    return parts
  }

  async #connect(lease: Lease, owner: ShardOwner, loop: ShardLoop): Promise<Running> {
    const { storage, transport, logger, spec, checkInput } = this.#options
    const nowMs = () => this.#clock.nowMs()
    const handle = loop.handle.bind(loop)
    const waiters: Waiters = new Waiters({
      getJobs: (ids) => storage.getJobs(this.#ref, ids),
      answer: (peer, request, items, isLast) =>
        doors.reply(peer, { type: 'settled', request, items, isLast }),
      onError: (error) => this.#fatal(error),
    })
    const { retention: options } = this.#options
    const retention = new Retention({
      storage,
      ref: this.#ref,
      clock: this.#clock,
      logger,
      options,
    })
    const operators: OperatorRequests = new OperatorRequests({
      ...{ spec, nowMs, handle, holdRetention: () => retention.hold() },
      reply: (peer, reply) => doors.reply(peer, reply),
    })
    const holderOf = (id: string) => owner.holderOf(id)
    const requests: Requests = new Requests({
      ...{ spec, checkInput, waiters, operators, nowMs, handle },
      busyRetryAfterMs: this.#options.limits?.busyRetryAfterMs ?? defaultLimits.busyRetryAfterMs,
      reader: new JobReader({ storage, ref: this.#ref, spec, holderOf }),
      welcome: () => this.#welcome(),
      status: () => this.#durableStatus(),
      reply: (peer, reply) => doors.reply(peer, reply),
      onRejected: (error) => this.#reject(error),
    })
    const doors = await openDoors({
      ...{ transport, feed: this.#feed, requests, nowMs, handle, addresses: this.#options.doors },
      onRejected: (error) => this.#reject(error),
    })
    const pull = doors.announced.pull[0] ?? ''
    const identity = {
      ...{ manager: this.#id, pipeline: spec.name, shard: this.#ref.shard },
      ...{ epoch: lease.epoch, nonce: owner.nonce, pull },
    }
    const links = new WorkerLinks({ transport, logger, nowMs, handle, identity })
    return { doors, loop, owner, links, operators, waiters, retention, lease, requests }
  }

  #perform(effect: Exclude<Effect, LoadEffect>, parts: Running): void {
    const { links, requests, operators, waiters } = parts
    switch (effect.type) {
      case 'AnswerClient':
      case 'AnswerCancel':
        return requests.answered(effect)
      case 'AnswerPause':
      case 'AnswerDead':
      case 'AnswerDrain':
        return operators.answered(effect)
      case 'TellSettled':
        return waiters.settled(effect.id)
      case 'Publish': {
        const { type, ...fields } = effect.event
        return this.#feed.publish(topicOf(type), fields)
      }
      case 'ConnectWorker':
      case 'DisconnectWorker':
      case 'OpenStream':
      case 'Grant':
      case 'Skip':
      case 'Abort':
      case 'Drain':
      case 'Ping':
      case 'AnswerResult':
        return links.perform(effect)
      default:
        return unreachable(effect)
    }
  }

  /** Nothing is shown as done that a crash could undo, but for a store that does not answer. */
  async #durableStatus(): Promise<ManagerStatus> {
    const status = this.status()
    await this.#parts().loop.durable(durableStatusMs)
    return status
  }

  #welcome(): Welcome {
    const { spec, storage, version } = this.#options
    const { capabilities, description } = storage.info()
    const { pull, router, pub } = this.#parts().doors.announced
    return {
      ...{ manager: this.#id, version, pipeline: spec.name, pull, router, pub, shards: 1 },
      jobTypes: spec.phases.map(({ jobType }) => jobType),
      ...{ durability: capabilities.durability, store: description },
    }
  }

  /** A message that is not of the protocol harms nobody: counted, and logged once a second at most. */
  #reject(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#rejected.log('dropped a message', { reason })
  }

  #fatal(error: unknown): void {
    const running = this.#running
    if (this.#state !== 'running' || running === undefined) return
    this.#state = 'stopped'
    running.loop.stop()
    this.#close(running)
    void this.#options.storage.close().finally(() => this.#options.onFatal(error))
  }

  #close({ doors, links, waiters, retention, lease }: Running): void {
    retention.stop()
    lease.stop()
    waiters.stop()
    links.close()
    doors.close()
  }

  #parts(): Running {
    if (this.#running === undefined) {
      throw new CarbontubeError('CT_STOPPED', 'the manager is not running')
    }
    return this.#running
  }
}
