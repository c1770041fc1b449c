/**
 * A shard while this manager owns it: the core in its loop, what clients ask, the links to the workers. It
 * is put together from what the store has, and given up as a whole: the next owner, be it the same process,
 * begins anew from the store.
 */
import type { Effect } from '../core/effect.ts'
import type { Event } from '../core/event.ts'
import { unreachable } from '../core/invariant.ts'
import { defaultLimits } from '../core/limits.ts'
import { seededRng } from '../core/rng.ts'
import { ShardOwner } from '../core/shard-owner.ts'
import type { ShardStatus } from '../core/status.ts'
import type { Clock } from '../runtime/clock.ts'
import { newNonce, newSeed } from '../runtime/entropy.ts'
import type { Durability, ShardRef } from '../storage/contract.ts'
import { jobTopics, topicOf, type EventPublisher } from '../wire/event-publisher.ts'
import type { Reply } from '../wire/replies.ts'
import { InputChecks } from './input-checks.ts'
import { JobReader } from './job-reader.ts'
import { leaseMs, type Lease } from './lease.ts'
import type { ManagerOptions } from './manager-options.ts'
import { OwnerLoads } from './owner-loads.ts'
import { OperatorRequests } from './operator-requests.ts'
import { refuseLostPhases } from './phase-names.ts'
import { Requests, type Asked } from './requests.ts'
import { Retention } from './retention.ts'
import { ShardLoop, type LoadEffect } from './shard-loop.ts'
import { checkStore } from './store-check.ts'
import { Waiters } from './waiters.ts'
import { WorkerLinks } from './worker-links.ts'

export interface OwnedShardParts {
  readonly options: ManagerOptions
  readonly ref: ShardRef
  readonly clock: Clock
  /** Of the manager, for people. */
  readonly managerId: string
  readonly feed: EventPublisher
  /** The pipeline has other shards. */
  readonly isOneOfSeveral: boolean
  /** What an acknowledged job survives by now. */
  durability(): Durability
  reply(peer: string, reply: Reply): void
  /** Somebody asked what another owner has to answer. */
  disown(asked: Asked): unknown
  onRejected(error: unknown): void
  /** The ownership is lost, or the store is broken. */
  onFailed(error: unknown): unknown
}

/** How long the answer to a wait is held back for a store that does not confirm what is enqueued. */
const writtenWithinMs = 5_000

export class OwnedShard {
  readonly lease: Lease
  readonly #parts: OwnedShardParts
  readonly #owner: ShardOwner
  readonly #loop: ShardLoop
  readonly requests: Requests
  readonly #operators: OperatorRequests
  readonly #waiters: Waiters
  readonly #retention: Retention
  /** How what is around the core tells it of events. */
  readonly #toCore = {
    nowMs: () => this.#parts.clock.nowMs(),
    handle: (event: Event) => this.#loop.handle(event),
  }
  #links: WorkerLinks | undefined
  /** It takes no more requests. */
  isLeaving = false

  constructor(lease: Lease, parts: OwnedShardParts) {
    const { options, ref, clock } = parts
    const { spec, storage, limits, logger, checkpoint } = options
    this.lease = lease
    this.#parts = parts
    const owner = new ShardOwner({
      ...{ spec, shard: ref.shard, epoch: lease.epoch, nonce: newNonce() },
      ...{ limits: { ...defaultLimits, ...limits }, rng: seededRng(newSeed()) },
      sharesWorkers: parts.isOneOfSeveral,
    })
    this.#owner = owner
    const { readyBytesMax } = { ...defaultLimits, ...limits }
    this.#loop = new ShardLoop({
      ...{ owner, lease, ref, storage, clock, logger, checkpoint },
      // Half of a window: it is asked for when a quarter is left.
      loads: new OwnerLoads(storage, ref, { bytesMax: readyBytesMax / 2 }),
      perform: (effect) => this.#perform(effect),
      turnEnded: () => {
        this.#links?.flush()
        this.#waiters.flush()
      },
      onFatal: (error) => parts.onFailed(error),
    })
    this.#waiters = new Waiters({
      isOpen: (id) => owner.isOpen(id),
      getJobs: (ids) => storage.getJobs(ref, ids),
      written: () => this.#loop.durable(writtenWithinMs),
      answer: (peer, request, items, isLast) =>
        this.#reply(peer, { type: 'settled', request, items, isLast }),
      onError: (error) => parts.onFailed(error),
    })
    const settled = () => owner.settled.done + owner.settled.cancelled
    const { retention } = options
    this.#retention = new Retention({
      ...{ storage, ref, clock, logger, settled, options: retention },
    })
    this.#operators = this.#answerOperators()
    this.requests = this.#answerClients()
  }

  get shard(): number {
    return this.#parts.ref.shard
  }

  /** Names its streams. */
  get nonce(): string {
    return this.#owner.nonce
  }

  /** How late timers have been in the last seconds, at most, in milliseconds. */
  get loopLagMs(): number {
    return this.#loop.loopLagMs
  }

  /** Takes over what the store has. `pull`: where workers send their results. */
  async open(pull: string): Promise<void> {
    const { options, ref, clock, feed } = this.#parts
    const { spec, storage, logger } = options
    const summary = await storage.summarise(ref)
    refuseLostPhases(spec, summary)
    this.#links = this.#linksBehind(pull)
    const nowMs = clock.nowMs()
    this.#loop.handle({ type: 'OwnershipTaken', nowMs, nextDueMs: undefined, ...summary })
    this.#loop.handle({ type: 'ObserversChanged', nowMs, observed: feed.wantsAnyOf(jobTopics) })
    this.#retention.start()
    if (this.lease.isAfterUncleanStop) void checkStore(storage, logger)
  }

  handle(event: Event): void {
    this.#loop.handle(event)
  }

  /**
   * No new grants, no new jobs; what was accepted is committed, and the shard is free for the next owner. Also when
   * the store takes nothing for the length of a lease: a dead owner would keep the shard no longer.
   */
  async handOver(): Promise<void> {
    this.isLeaving = true
    this.#retention.stop()
    this.#loop.handle({ type: 'DrainRequested', nowMs: this.#parts.clock.nowMs() })
    await this.#loop.idle(leaseMs)
    this.#loop.stop()
    try {
      await this.lease.release()
    } finally {
      this.abandon()
    }
  }

  /** Ends everything at once, and writes nothing more. */
  abandon(): void {
    this.#loop.stop()
    this.#retention.stop()
    this.lease.stop()
    this.#links?.close()
    for (const asked of this.requests.abandon()) this.#parts.disown(asked)
  }

  status(): ShardStatus {
    return this.#owner.status()
  }

  /** Resolves when everything that was decided until now is in the store, or after `withinMs`. */
  durable(withinMs: number): Promise<void> {
    return this.#loop.durable(withinMs)
  }

  #linksBehind(pull: string): WorkerLinks {
    const { options, ref, managerId } = this.#parts
    const { transport, logger, spec } = options
    return new WorkerLinks({
      ...{ transport, logger, ...this.#toCore },
      identity: {
        ...{ manager: managerId, pipeline: spec.name, shard: ref.shard },
        ...{ epoch: this.lease.epoch, nonce: this.#owner.nonce, pull },
      },
    })
  }

  #answerOperators(): OperatorRequests {
    return new OperatorRequests({
      ...{ spec: this.#parts.options.spec, ...this.#toCore },
      reply: (peer, reply) => this.#reply(peer, reply),
      holdRetention: () => this.#retention.hold(),
    })
  }

  #answerClients(): Requests {
    const { options, ref, durability, onRejected } = this.#parts
    const { spec, storage, checkInput, limits } = options
    const holderOf = (id: string) => this.#owner.holderOf(id)
    const heldBy = (worker: string) => this.#owner.heldBy(worker)
    return new Requests({
      ...{ spec, waiters: this.#waiters, operators: this.#operators, onRejected },
      inputChecks: new InputChecks(checkInput, { ...defaultLimits, ...limits }),
      ...this.#toCore,
      busyRetryAfterMs: limits?.busyRetryAfterMs ?? defaultLimits.busyRetryAfterMs,
      reader: new JobReader({ storage, ref, spec, holderOf, heldBy }),
      durability,
      reply: (peer, reply) => this.#reply(peer, reply),
    })
  }

  #reply(peer: string, reply: Reply): void {
    // An owner whose time is over says nothing more, also not what needed no commit.
    if (!this.lease.isOver) this.#parts.reply(peer, reply)
  }

  #perform(effect: Exclude<Effect, LoadEffect>): void {
    switch (effect.type) {
      case 'AnswerClient':
      case 'AnswerCancel':
        return this.requests.answered(effect)
      case 'AnswerPause':
      case 'AnswerDead':
      case 'AnswerDrain':
        return this.#operators.answered(effect)
      case 'TellSettled':
        return this.#waiters.settled(effect)
      case 'Publish': {
        const { type, ...fields } = effect.event
        return this.#parts.feed.publish(topicOf(type), fields)
      }
      case 'ConnectWorker':
      case 'DisconnectWorker':
      case 'OpenStream':
      case 'Grant':
      case 'Skip':
      case 'Abort':
      case 'Drain':
      case 'Resume':
      case 'Ping':
      case 'AnswerResult':
        return this.#links?.perform(effect)
      default:
        return unreachable(effect)
    }
  }
}
