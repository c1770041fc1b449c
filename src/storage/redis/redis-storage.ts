/**
 * A store on a Redis (or Valkey) server, a set of them behind Sentinels, or a cluster. Several machines may
 * have their managers on it; each shard has one owner. A group of mutations is one script, hence one round
 * trip and all or nothing. How durable that is, the server's settings say: `info()` shows it.
 */
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { CommitAnswer, Group } from '../../core/mutation.ts'
import { checkOptions, type OptionKinds } from '../../errors/check-options.ts'
import { CarbontubeError } from '../../errors/errors.ts'
import type * as contract from '../contract.ts'
import { unpackAnswer } from '../packed-answer.ts'
import { fenced, groupLate, groupLost, mutationMisfit, notOpen } from '../storage-errors.ts'
import { outcomeUnknown, storeFailed } from '../storage-errors.ts'
import { addressOf, type RedisAddress, type RedisAddressOptions } from './address.ts'
import type { Connection } from './connection.ts'
import type { RedisReply } from './driver.ts'
import { bareCause, explained, failureOf } from './failures.ts'
import { encodeGroup, type Authority } from './group-encoding.ts'
import { FactsWatch } from './facts-watch.ts'
import { checkPrefix, keysOf, registryKey, schemaVersion } from './keys.ts'
import { JobLists } from './lists.ts'
import { openServer, type OpenServer } from './open-server.ts'
import { OwnerReads } from './owner-reads.ts'
import { isList, textOf } from './records.ts'
import { commitScript } from './scripts/commit.ts'
import {
  acquireScript,
  holderScript,
  registerScript,
  releaseScript,
  renewScript,
  shardsScript,
} from './scripts/ownership.ts'
import { pruneScript } from './scripts/retention.ts'
import { logWords } from './server-facts.ts'

/** What may be set of a Redis store. */
export interface RedisStorageOptions extends RedisAddressOptions {
  /** What the names of all keys begin with. Default `carbontube`. */
  readonly prefix?: string
  /** The clock for leases; milliseconds since 1970. Default: the server's, which all owners share. */
  readonly nowMs?: () => number
}

const optionKinds = {
  ...{ redisUri: 'string', sentinels: 'any', cluster: 'any', username: 'string' },
  ...{ password: 'string', prefix: 'string', nowMs: 'function' },
} satisfies OptionKinds<RedisStorageOptions>

/** The parts of an open store. */
interface Parts extends Omit<OpenServer, 'facts'> {
  readonly reads: OwnerReads
  readonly lists: JobLists
}

/** Jobs that one run of the script removes: some milliseconds in which the server does nothing else. */
const pruneJobsMax = 500

/**
 * On a Redis or Valkey server, behind Sentinels, or on a cluster, for managers on several machines. How durable it
 * is, the server's settings say: D2 with `appendfsync always`. Needs the package `ioredis`.
 * `new RedisStorageBackend('resize', { redisUri: 'redis://cache1:6379' })`.
 */
export class RedisStorageBackend implements contract.Storage {
  readonly #pipeline: string
  readonly #prefix: string
  readonly #address: RedisAddress
  readonly #nowMs: (() => number) | undefined
  readonly #connections = new Set<Connection>()
  #parts: Parts | undefined
  #watch: FactsWatch | undefined
  /** By shard: who acquired it here last. After a failover an epoch may be given out twice. */
  readonly #acquired = new Map<number, Authority>()

  /**
   * Nothing is connected before `open`.
   *
   * @param pipelineName name of the pipeline; others may be on the same server
   * @param options where the server is
   * @throws CT_BAD_OPTION
   */
  constructor(pipelineName: string, options: RedisStorageOptions = {}) {
    checkOptions('RedisStorageBackend', options, optionKinds)
    this.#pipeline = pipelineName
    this.#prefix = checkPrefix(options.prefix ?? 'carbontube')
    this.#address = addressOf(options)
    this.#nowMs = options.nowMs
  }

  async open(): Promise<void> {
    if (this.#parts !== undefined) return
    const names = { prefix: this.#prefix, pipeline: this.#pipeline }
    const server = await openServer(this.#address, names, (connection) => {
      this.#connections.add(connection)
    })
    this.#watch = new FactsWatch(server.owner, this.#address.where, server.facts)
    this.#parts = {
      ...server,
      reads: new OwnerReads(server.owner, this.#prefix, this.#address.where),
      lists: new JobLists(server.people, this.#prefix),
    }
  }

  async close(): Promise<void> {
    this.#parts = undefined
    this.#acquired.clear()
    for (const connection of this.#connections) connection.close()
    this.#connections.clear()
  }

  info(): contract.StorageInfo {
    const facts = this.#watch?.facts
    const { where } = this.#address
    const name = 'Redis'
    const version = facts === undefined ? '' : ` ${facts.version}`
    const log = facts === undefined ? '' : `, ${logWords(facts.log)}`
    return {
      description: `${name}${version} at ${where}${log}`,
      capabilities: {
        durability: facts?.durability ?? 'D0',
        shared: true,
        persistent: facts !== undefined && facts.log !== 'off',
        search: true,
      },
      schemaVersion,
    }
  }

  async acquire(
    ref: contract.ShardRef,
    owner: string,
    ttlMs: number,
  ): Promise<contract.AcquireAnswer> {
    const args = [owner, ttlMs, this.#clock()]
    const reply = await this.#own(ref, acquireScript, args)
    const [isAcquired, first, second] = isList(reply) ? reply : []
    if (isAcquired !== 1) {
      return { outcome: 'held', heldBy: textOf(first), untilMs: Number(textOf(second)) }
    }
    const epoch = Number(textOf(first))
    this.#acquired.set(ref.shard, { epoch, owner, lastGroup: '' })
    return { outcome: 'acquired', epoch, uncleanStop: second === 1 }
  }

  async renew(ref: contract.ShardRef, epoch: number, ttlMs: number): Promise<boolean> {
    this.#watch?.look()
    const args = [String(epoch), this.#authority(ref, epoch).owner, ttlMs, this.#clock()]
    return (await this.#own(ref, renewScript, args)) === 1
  }

  async release(ref: contract.ShardRef, epoch: number): Promise<void> {
    await this.#own(ref, releaseScript, [String(epoch), this.#authority(ref, epoch).owner])
  }

  async owners(pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const args = [this.#clock()]
    const held = await Promise.all(
      shards.map((shard) => this.#own({ pipeline, shard }, holderScript, args)),
    )
    const owners = new Map<number, string>()
    shards.forEach((shard, at) => {
      const owner = held[at]
      if (owner !== null && owner !== undefined) owners.set(shard, textOf(owner))
    })
    return owners
  }

  async commit(ref: contract.ShardRef, epoch: number, group: Group): Promise<CommitAnswer> {
    const { owner: connection } = this.#open(ref)
    const authority = this.#authority(ref, epoch)
    const { keys, args } = encodeGroup(keysOf(this.#prefix, ref), authority, group)
    const { where } = this.#address
    let reply: RedisReply
    try {
      reply = await connection.run(commitScript, keys, args)
    } catch (error) {
      if (failureOf(error) !== 'transient') throw explained(error, where)
      this.#note(ref, { ...authority, unanswered: group.id })
      throw outcomeUnknown(where, group, bareCause(error))
    }
    await this.#watch?.settled()
    const answer = this.#answer(reply, { ref, epoch, group })
    this.#note(ref, { epoch, owner: authority.owner, lastGroup: group.id })
    return answer
  }

  async summarise(ref: contract.ShardRef): Promise<contract.ShardSummary> {
    return await this.#open(ref).reads.summary(ref)
  }

  async loadReady(
    ref: contract.ShardRef,
    range: { phase: number; after?: contract.ReadyCursor; limit: number },
  ): Promise<readonly JobRecord[]> {
    return await this.#open(ref).reads.ready(ref, range)
  }

  async loadDue(
    ref: contract.ShardRef,
    range: { untilMs: number; after?: contract.DueCursor; limit: number },
  ): Promise<{ jobs: readonly JobRecord[]; nextDueMs?: number }> {
    return await this.#open(ref).reads.due(ref, range)
  }

  async getJobs(ref: contract.ShardRef, ids: readonly string[]): Promise<readonly JobRecord[]> {
    return await this.#open(ref).reads.byIds(ref, ids)
  }

  async listJobs(
    ref: contract.ShardRef,
    query: contract.JobQuery,
    page: { after?: string; limit: number },
  ): Promise<contract.JobPage> {
    return await this.#open(ref).lists.list(ref, query, page)
  }

  async countJobs(ref: contract.ShardRef, query: contract.JobQuery): Promise<contract.JobCount> {
    return await this.#open(ref).lists.count(ref, query)
  }

  async listAttempts(ref: contract.ShardRef, id: string): Promise<readonly AttemptRecord[]> {
    return await this.#open(ref).reads.attempts(ref, id)
  }

  async registerPipeline(pipeline: contract.PipelineRecord): Promise<number> {
    const { name, jobTypes, shards, nowMs } = pipeline
    const { owner } = this.#open({ pipeline: this.#pipeline, shard: 0 })
    const args = [name, JSON.stringify(jobTypes), nowMs, shards]
    const keys = [registryKey(this.#prefix)]
    return Number(await owner.again(() => owner.run(registerScript, keys, args)))
  }

  async jobTypesOf(pipeline: string): Promise<readonly string[]> {
    const { owner } = this.#open({ pipeline: this.#pipeline, shard: 0 })
    const args = [registryKey(this.#prefix), pipeline]
    const known = textOf(await owner.again(() => owner.send('hget', args)))
    return known === '' ? [] : (JSON.parse(known) as { jobTypes: string[] }).jobTypes
  }

  async shardsOf(pipeline: string): Promise<number> {
    const { owner } = this.#open({ pipeline: this.#pipeline, shard: 0 })
    const keys = [registryKey(this.#prefix)]
    return Number(await owner.again(() => owner.run(shardsScript, keys, [pipeline])))
  }

  async prune(
    ref: contract.ShardRef,
    policy: contract.RetentionPolicy,
    limit: number,
  ): Promise<number> {
    const { owner } = this.#open(ref)
    const { job, body, history, id, all, ended, dead, counters } = keysOf(this.#prefix, ref)
    const keys = [job, body, history, id, all, ended, dead, counters]
    const { nowMs, deadKeepMs, settledKeepMs, settledKeepJobs } = policy
    const bounds = [nowMs - deadKeepMs, nowMs - settledKeepMs, settledKeepJobs]
    let removed = 0
    for (;;) {
      const wanted = Math.min(pruneJobsMax, Math.max(0, Math.floor(limit)) - removed)
      if (wanted === 0) return removed
      const gone = await owner.again(() => owner.run(pruneScript, keys, [...bounds, wanted]))
      removed += Number(gone)
      if (Number(gone) < wanted) return removed
    }
  }

  #answer(
    reply: RedisReply,
    { ref, epoch, group }: { ref: contract.ShardRef; epoch: number; group: Group },
  ): CommitAnswer {
    const [outcome, first, second] = isList(reply) ? reply : []
    switch (textOf(outcome)) {
      case 'ok':
        return unpackAnswer(textOf(first), group)
      case 'fenced': {
        const newest = textOf(first)
        throw fenced(ref, epoch, newest === '' ? undefined : Number(newest))
      }
      case 'misfit': {
        const mutation = group.mutations[Number(textOf(first))]
        if (mutation !== undefined) throw mutationMisfit(ref, mutation, textOf(second))
        break
      }
      case 'lost':
        throw groupLost(ref, textOf(first))
      case 'late':
        throw groupLate(ref, group)
    }
    throw storeFailed(this.#address.where, `it answered ${JSON.stringify(textOf(outcome))}`)
  }

  /** A script on the row of the shard. Done twice it does no harm: it is tried until it is answered. */
  async #own(
    ref: contract.ShardRef,
    ...[script, args]: [Parameters<Connection['run']>[0], Parameters<Connection['run']>[2]]
  ): Promise<RedisReply> {
    const { owner } = this.#open(ref)
    const { shard } = keysOf(this.#prefix, ref)
    return await owner.again(() => owner.run(script, [shard], args))
  }

  /** Of an epoch that was acquired elsewhere (an earlier process, which this one goes on for) less is known. */
  #authority({ shard }: contract.ShardRef, epoch: number): Authority {
    const acquired = this.#acquired.get(shard)
    return acquired?.epoch === epoch ? acquired : { epoch, owner: '', lastGroup: '' }
  }

  #note({ shard }: contract.ShardRef, authority: Authority): void {
    if (this.#acquired.get(shard)?.epoch === authority.epoch) this.#acquired.set(shard, authority)
  }

  #clock(): number | '' {
    return this.#nowMs?.() ?? ''
  }

  #open(ref: contract.ShardRef): Parts {
    const { where } = this.#address
    if (this.#parts === undefined) throw notOpen(`Redis at ${where}`)
    this.#watch?.check()
    if (ref.pipeline === this.#pipeline) return this.#parts
    const message = `this store is of pipeline ${this.#pipeline}, not of ${ref.pipeline}`
    throw new CarbontubeError('CT_BAD_OPTION', message)
  }
}
