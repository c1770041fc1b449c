/**
 * The manager of a pipeline, as a life: it claims its share of the shards (claims.ts), owns them
 * (owned-shard.ts) behind one set of doors, and loses them or hands them over. On a store that several
 * managers may use, who has none stands by.
 */
import { hostname } from 'node:os'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { LimitedLog } from '../runtime/logger.ts'
import type { Service, ServiceState } from '../runtime/service.ts'
import type { Durability } from '../storage/contract.ts'
import { EventPublisher } from '../wire/event-publisher.ts'
import type { ManagerStatus, Reply, Welcome } from '../wire/replies.ts'
import { Claims, isPassing } from './claims.ts'
import { openDoors, type Doors } from './doors.ts'
import { ownerName, type Lease } from './lease.ts'
import type { ManagerOptions } from './manager-options.ts'
import { OwnedShard } from './owned-shard.ts'
import { refuseChangedPhases } from './phase-names.ts'
import { Reception } from './reception.ts'

/** A store that does not answer for so long is itself what an operator wants to see. */
const durableStatusMs = 1_000

export class Manager implements Service {
  readonly #options: ManagerOptions
  readonly #clock: Clock
  readonly #id: string
  readonly #feed: EventPublisher
  readonly #rejected: LimitedLog
  readonly #reception: Reception
  readonly #shards = new Map<number, OwnedShard>()
  /** Those that have taken over what the store has: before, they would take jobs for new that are stored. */
  readonly #serving = new Map<number, OwnedShard>()
  #shardCount = 1
  #state: ServiceState = 'new'
  #claims: Claims | undefined
  #claiming: Promise<void> = Promise.resolve()
  #doors: Doors | undefined
  #startedMs = 0
  /** The durability that was told last. */
  #promised: Durability | undefined
  #whenOwning: () => void = () => {}
  #stopping: Promise<void> | undefined

  constructor(options: ManagerOptions) {
    const { logger } = options
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#id = options.managerId ?? `${hostname()}:${process.pid}`
    const nowMs = () => this.#clock.nowMs()
    this.#feed = new EventPublisher(this.#id, nowMs)
    this.#rejected = new LimitedLog(nowMs, (message, fields) => logger.warn(message, fields))
    this.#reception = new Reception({
      ...{ pipeline: options.spec.name, owned: this.#serving, shards: () => this.#shardCount },
      welcome: () => this.#welcome(),
      status: () => this.#durableStatus(),
      description: {
        ...{ phases: options.spec.phases },
        ...given({ inputSchema: options.inputSchema }),
      },
      reply: (peer, reply) => this.#reply(peer, reply),
      onRejected: (error) => this.#reject(error),
    })
  }

  get state(): ServiceState {
    return this.#state
  }

  /** Where the doors are bound, while it owns a shard. */
  get addresses(): Doors['announced'] {
    return this.#open.announced
  }

  /**
   * Opens the store, takes a shard, opens the doors. While others own all shards of a shared store it
   * stands by, for as long as that lasts, or until `stop`. Rejects with a coded error and leaves nothing
   * open.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'starting'
    this.#startedMs = this.#clock.nowMs()
    const { storage } = this.#options
    const owning = new Promise<void>((resolve) => (this.#whenOwning = resolve))
    try {
      await storage.open()
      this.#shardCount = await this.#shardsOf(this.#options.shards)
      this.#claims = this.#newClaims()
      this.#claiming = this.#claims.run()
      await Promise.race([owning, this.#claiming])
    } catch (error) {
      this.#closeDoors()
      // Others would share the shards with it for as long as its seat lasts.
      await this.#claims?.leave()
      await storage.close()
      this.#state = 'stopped'
      throw error
    }
    this.#claiming.catch((error: unknown) => this.#fatal(error))
  }

  /** No new grants, no new jobs; what was accepted is committed, if the store takes it; then everything is closed. */
  async stop(): Promise<void> {
    if (this.#state === 'running' || this.#state === 'standby') this.#stopping = this.#stop()
    await this.#stopping
  }

  status(): ManagerStatus {
    return {
      welcome: this.#welcome(),
      upSinceMs: this.#startedMs,
      loopLagMs: Math.max(0, ...this.#owned.map(({ loopLagMs }) => loopLagMs)),
      rejectedMessages: this.#rejected.total,
      shards: this.#owned.map((shard) => shard.status()),
    }
  }

  async #stop(): Promise<void> {
    this.#state = 'stopping'
    this.#claims?.stop()
    await this.#claiming.catch(() => undefined)
    await Promise.all(this.#owned.map((shard) => this.#handOverLast(shard)))
    await this.#claims?.leave()
    this.#closeDoors()
    await this.#options.storage.close()
    this.#state = 'stopped'
  }

  /** The pipeline in the store, and the number of its shards: it is created if it is not there. */
  async #shardsOf(wanted: number | undefined): Promise<number> {
    const { spec, storage } = this.#options
    await refuseChangedPhases(spec, storage)
    const known = await storage.shardsOf(spec.name)
    if (known === 0) return this.#register(wanted ?? 1, wanted)
    this.#expectShards(known, wanted)
    return known
  }

  /** The chain in the store is that of who owns shards: who only waits for one leaves it as it is. */
  async #register(shards: number, wanted: number | undefined): Promise<number> {
    const { spec, storage } = this.#options
    const jobTypes = spec.phases.map(({ jobType }) => jobType)
    const known = await storage.registerPipeline({
      ...{ name: spec.name, jobTypes, shards, nowMs: this.#clock.nowMs() },
    })
    this.#expectShards(known, wanted)
    return known
  }

  #expectShards(shards: number, wanted: number | undefined): void {
    if (wanted === undefined || wanted === shards) return
    const { spec, storage } = this.#options
    const { shared } = storage.info().capabilities
    const message = `"${spec.name}" has ${shards} shard${shards === 1 ? '' : 's'}, not ${wanted}`
    throw new CarbontubeError('CT_BAD_OPTION', message, {
      hint: shared
        ? 'The number is chosen when a pipeline is created. Leave --shards out, or use another name.'
        : 'Shards are for several managers: keep the jobs in Redis or Postgres.',
      details: { shards, wanted },
    })
  }

  #newClaims(): Claims {
    const { storage, spec, logger, managerId } = this.#options
    return new Claims({
      ...{ storage, logger, pipeline: spec.name, shards: this.#shardCount },
      ...{ owner: ownerName(managerId), nowMs: () => this.#clock.nowMs() },
      owned: () => [...this.#shards.keys()].sort((a, b) => a - b),
      take: (shard, lease) => this.#own(shard, lease),
      handOver: (shard) => this.#handOver(shard),
      onLost: (shard, error) => this.#failed(shard, error),
      onHeld: (heldBy) => {
        if (this.#state === 'starting') this.#state = 'standby'
        this.#options.onStandby?.(heldBy)
      },
    })
  }

  async #own(number: number, lease: Lease): Promise<void> {
    const isFirst = this.#shards.size === 0
    const { spec, storage } = this.#options
    const shard: OwnedShard = new OwnedShard(lease, {
      ...{ options: this.#options, ref: { pipeline: spec.name, shard: number } },
      ...{ clock: this.#clock, managerId: this.#id, feed: this.#feed },
      isOneOfSeveral: this.#shardCount > 1,
      durability: () => this.#durability(),
      reply: (peer, reply) => this.#doors?.reply(peer, reply),
      // Of one shard alone the doors close, and whoever waits comes again when others open.
      disown: (asked) => this.#shardCount > 1 && this.#reception.disown(asked, number),
      onRejected: (error) => this.#reject(error),
      // One that was given up says nothing of the one after it.
      onFailed: (error) => this.#shards.get(number) === shard && this.#failed(number, error),
    })
    this.#shards.set(number, shard)
    try {
      // Since the start somebody else may have had it, with another chain.
      const others = async () => (await this.#claims?.others()) ?? []
      const isOther = await refuseChangedPhases(spec, storage, others)
      // A store that was emptied meanwhile has lost it: jobs of all shards would be looked for in one.
      const known = await storage.shardsOf(spec.name)
      if (isFirst || isOther || known !== this.#shardCount) {
        await this.#register(this.#shardCount, this.#shardCount)
      }
      this.#doors ??= await this.#openDoors()
      await shard.open(this.#doors.announced.pull[0] ?? '')
    } catch (error) {
      this.#giveUp(number, shard)
      await lease.release().catch(() => undefined)
      throw error
    }
    if (this.#shards.get(number) !== shard) throw lease.lapsed()
    this.#serving.set(number, shard)
    this.#doors.read()
    if (this.#state !== 'stopping') this.#state = 'running'
    if (isFirst) this.#options.onOwning?.()
    this.#whenOwning()
  }

  async #handOver(number: number): Promise<void> {
    const shard = this.#shards.get(number)
    if (shard === undefined) return
    try {
      await shard.handOver()
    } finally {
      this.#giveUp(number, shard)
    }
  }

  /** A store that does not take the release now lets the lease end by itself. */
  async #handOverLast(shard: OwnedShard): Promise<void> {
    try {
      await shard.handOver()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const { logger } = this.#options
      logger.warn('a shard could not be released: its lease ends by itself', {
        ...{ shard: shard.shard, reason },
      })
    }
  }

  /** Nothing of it is left here. */
  #giveUp(number: number, shard: OwnedShard): void {
    shard.abandon()
    if (this.#shards.get(number) === shard) this.#shards.delete(number)
    if (this.#serving.get(number) === shard) this.#serving.delete(number)
    if (this.#shards.size === 0) this.#closeDoors()
  }

  #openDoors(): Promise<Doors> {
    const { transport, doors } = this.#options
    return openDoors({
      ...{ transport, addresses: doors, feed: this.#feed, reception: this.#reception },
      nowMs: () => this.#clock.nowMs(),
      onRejected: (error) => this.#reject(error),
    })
  }

  #closeDoors(): void {
    this.#doors?.close()
    this.#doors = undefined
  }

  /** What is about no shard in particular. An owner whose time is over says nothing more. */
  #reply(peer: string, reply: Reply): void {
    const isFrozen = this.#owned.length > 0 && this.#owned.every(({ lease }) => lease.isOver)
    if (!isFrozen) this.#doors?.reply(peer, reply)
  }

  /** The settings of a server may change under its manager: what is said follows, and the log says so once. */
  #durability(): Durability {
    const { capabilities, description: store } = this.#options.storage.info()
    const { durability } = capabilities
    const before = this.#promised
    this.#promised = durability
    if (before !== undefined && before !== durability) {
      const message = `the store promises ${durability} by now, and no longer ${before}`
      this.#options.logger.warn(message, { store, durability, before })
    }
    return durability
  }

  #welcome(): Welcome {
    const { spec, storage, version } = this.#options
    const { description } = storage.info()
    const { pull, router, pub } = this.#open.announced
    const owned = this.#owned.filter(({ lease, isLeaving }) => !lease.isOver && !isLeaving)
    return {
      ...{ manager: this.#id, version, pipeline: spec.name, pull, router, pub },
      ...{ shards: this.#shardCount, owned: owned.map(({ shard, lease }) => [shard, lease.epoch]) },
      ...{ jobTypes: spec.phases.map(({ jobType }) => jobType) },
      ...{ durability: this.#durability(), store: description },
    }
  }

  /** Nothing is shown as done that a crash could undo, but for a store that does not answer. */
  async #durableStatus(): Promise<ManagerStatus> {
    const status = this.status()
    await Promise.all(this.#owned.map((shard) => shard.durable(durableStatusMs)))
    return status
  }

  /** A message that is not of the protocol harms nobody: counted, and logged once a second at most. */
  #reject(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#rejected.log('dropped a message', { reason })
  }

  #failed(number: number, error: unknown): void {
    const shard = this.#shards.get(number)
    if (shard === undefined) return
    const isServing = this.#serving.has(number)
    this.#giveUp(number, shard)
    // Whoever opens it, or hands it over, sees that it is gone.
    if (!isServing || this.#state !== 'running') return
    const { storage, logger } = this.#options
    if (!isPassing(error, storage)) return this.#fatal(error)
    const reason = error instanceof Error ? error.message : String(error)
    if (this.#shards.size === 0) this.#state = 'standby'
    const what = this.#shards.size === 0 ? 'the shard is lost: standing by' : 'a shard is lost'
    logger.warn(what, { shard: number, reason })
    this.#claims?.lookAgain()
  }

  #fatal(error: unknown): void {
    if (this.#state === 'stopping' || this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#claims?.stop()
    for (const [number, shard] of this.#shards) this.#giveUp(number, shard)
    void this.#options.storage.close().finally(() => this.#options.onFatal(error))
  }

  /** In the order of their numbers. */
  get #owned(): readonly OwnedShard[] {
    return [...this.#serving.values()].sort((a, b) => a.shard - b.shard)
  }

  get #open(): Doors {
    if (this.#doors !== undefined) return this.#doors
    throw new CarbontubeError('CT_STOPPED', 'the manager owns no shard')
  }
}
