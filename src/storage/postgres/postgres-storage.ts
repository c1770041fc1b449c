/**
 * A store for several managers on several machines: the jobs of all pipelines in one schema of a
 * PostgreSQL server. A group of mutations is one call of a function there: one round trip, one
 * transaction, on the server's disk before it is acknowledged. Owners have connections of their own;
 * people's queries and retention have two others, so that they never delay a grant.
 */
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { CommitAnswer, Group } from '../../core/mutation.ts'
import { checkOptions, type OptionKinds } from '../../errors/check-options.ts'
import { CarbontubeError, isCarbontubeError } from '../../errors/errors.ts'
import type * as contract from '../contract.ts'
import { notOpen, outcomeUnknown, storeFailed } from '../storage-errors.ts'
import { Connection, type Session } from './connection.ts'
import { loadDriver, type PgLibrary } from './driver.ts'
import { explained, failureOf, openingFailed, reasonOf } from './failures.ts'
import { JobLists } from './lists.ts'
import { migrate } from './migrate.ts'
import { JobQueries } from './queries.ts'
import { schemaVersion } from './schema.ts'
import { ownerSession, peopleSession, serverFacts } from './sessions.ts'
import type { ServerFacts, SynchronousCommit } from './sessions.ts'
import { numberOf, textOf } from './rows.ts'
import { ShardRows, type Claimed } from './shard-rows.ts'
import { quoted, storedText } from './text.ts'

/** What may be set of a Postgres store. */
export interface PostgresStorageOptions {
  /**
   * `postgres://user:password@host:5432/database`. Default: what the variables `PGHOST`, `PGDATABASE`,
   * `PGUSER`, … say, as for every other client of Postgres.
   */
  readonly connectionString?: string
  /** Schema that holds the tables; made by `open`. Default `carbontube`. */
  readonly schema?: string
  /**
   * When a commit is acknowledged, as in PostgreSQL's `synchronous_commit`. Default `on`; `off` loses the
   * last moments when the server crashes (D0); `server` leaves it as the server has it.
   */
  readonly synchronousCommit?: SynchronousCommit
  /** For tests: in place of the server's clock, for leases; milliseconds since 1970. */
  readonly nowMs?: () => number
}

const optionKinds = {
  ...{ connectionString: 'string', schema: 'string', nowMs: 'function' },
  synchronousCommit: ['on', 'remote_apply', 'remote_write', 'local', 'off', 'server'],
} satisfies OptionKinds<PostgresStorageOptions>

/** The parts of an open store. */
interface Parts {
  /** Each shard keeps to one: its groups stay in order, and do not wait for those of all others. */
  readonly owners: readonly [Connection, ...Connection[]]
  readonly people: readonly Connection[]
  readonly facts: ServerFacts
  readonly lists: JobLists
}

/** Connections for what owners do; with one shard only the first is used, and only that is opened. */
const ownerConnections = 4
/** What is about the pipeline as a whole. */
const noShard = { shard: 0 }
/** Without an answer for so long a connection counts as broken. */
const answerMsMax = 30_000
const schemaName = /^[a-z_][a-z0-9_]{0,62}$/

/**
 * In PostgreSQL, for managers on several machines: D2, and D3 with a synchronous standby. Needs the package `pg`.
 * `new PostgresStorageBackend('resize', { connectionString: 'postgres://localhost/jobs' })`.
 */
export class PostgresStorageBackend implements contract.Storage {
  readonly #schema: string
  readonly #connectionString: string | undefined
  readonly #synchronousCommit: SynchronousCommit
  readonly #queries: JobQueries
  readonly #shards: ShardRows
  readonly #claimed = new Map<string, Claimed>()
  #where: string
  #parts: Parts | undefined
  #opening: { owner: Connection; done: Promise<void> } | undefined
  #turn = 0

  /**
   * Nothing is connected before `open`.
   *
   * @param pipelineName name of the pipeline; others may be in the same schema
   * @param options where the server is, and what it is asked for
   * @throws CT_BAD_OPTION, also when `schema` is no name of lower case letters, digits and `_`
   */
  constructor(pipelineName: string, options: PostgresStorageOptions = {}) {
    checkOptions('PostgresStorageBackend', options, optionKinds)
    this.#schema = options.schema ?? 'carbontube'
    if (!schemaName.test(this.#schema)) {
      const schema = JSON.stringify(this.#schema)
      const message = `${schema} is not a schema name: lower case letters, digits and _`
      throw new CarbontubeError('CT_BAD_OPTION', message)
    }
    this.#where = `PostgreSQL of ${pipelineName}`
    this.#connectionString = options.connectionString
    this.#synchronousCommit = options.synchronousCommit ?? 'on'
    this.#queries = new JobQueries(quoted(this.#schema))
    this.#shards = new ShardRows(quoted(this.#schema), options.nowMs)
  }

  async open(): Promise<void> {
    if (this.#parts !== undefined) return
    if (this.#opening === undefined) {
      const library = loadDriver()
      const owner = this.#connection(library, ownerSession(this.#synchronousCommit))
      this.#opening = { owner, done: this.#open(library, owner) }
    }
    await this.#opening.done
  }

  async close(): Promise<void> {
    const [parts, opening] = [this.#parts, this.#opening]
    this.#parts = undefined
    this.#opening = undefined
    this.#claimed.clear()
    await opening?.owner.close()
    if (parts === undefined) return
    await Promise.all([...parts.owners, ...parts.people].map((one) => one.close()))
  }

  info(): contract.StorageInfo {
    const facts = this.#parts?.facts
    const lowered = facts?.lowered.map((setting) => `, ${setting}`).join('') ?? ''
    return {
      description: `${this.#where}, schema ${this.#schema}${lowered}`,
      capabilities: {
        durability: facts?.durability ?? 'D2',
        shared: true,
        persistent: true,
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
    const answer = await this.#owner(ref, (session) =>
      this.#shards.acquire(session, ref, { owner, ttlMs }),
    )
    if (answer.outcome === 'acquired') {
      this.#claimed.set(nameOf(ref), { epoch: answer.epoch, owner, lastGroup: undefined })
    }
    return answer
  }

  async renew(ref: contract.ShardRef, epoch: number, ttlMs: number): Promise<boolean> {
    const claimed = this.#claim(ref, epoch)
    return await this.#owner(ref, (session) => this.#shards.renew(session, ref, claimed, ttlMs))
  }

  async release(ref: contract.ShardRef, epoch: number): Promise<void> {
    const claimed = this.#claim(ref, epoch)
    await this.#owner(ref, (session) => this.#shards.release(session, ref, claimed))
  }

  async owners(pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>> {
    return await this.#owner(noShard, (session) => this.#shards.owners(session, pipeline, shards))
  }

  async commit(ref: contract.ShardRef, epoch: number, group: Group): Promise<CommitAnswer> {
    const owner = this.#connectionOf(ref)
    const claimed = this.#claim(ref, epoch)
    try {
      const answer = await owner.use((session) => this.#shards.commit(session, ref, claimed, group))
      this.#note(ref, { ...claimed, lastGroup: group.id })
      return answer
    } catch (error) {
      if (isCarbontubeError(error) && error.code !== 'CT_STOPPED') throw error
      this.#note(ref, { ...claimed, lastGroup: undefined })
      // Also when it is known that nothing was done: whoever commits tries again, and need not end for it.
      if (isCarbontubeError(error) || this.#isPassing(error)) {
        throw outcomeUnknown(this.#where, group, error)
      }
      throw explained(error, this.#where)
    }
  }

  async summarise(ref: contract.ShardRef): Promise<contract.ShardSummary> {
    return await this.#owner(ref, async (session) => {
      const lastSequence = await this.#shards.lastSequence(session, ref)
      return { lastSequence, ...(await this.#queries.summary(session, ref)) }
    })
  }

  async loadReady(
    ref: contract.ShardRef,
    range: { phase: number; after?: contract.ReadyCursor; limit: number },
  ): Promise<readonly JobRecord[]> {
    return await this.#owner(ref, (session) => this.#queries.ready(session, ref, range))
  }

  async loadDue(
    ref: contract.ShardRef,
    range: { untilMs: number; after?: contract.DueCursor; limit: number },
  ): Promise<{ jobs: readonly JobRecord[]; nextDueMs?: number }> {
    return await this.#owner(ref, (session) => this.#queries.due(session, ref, range))
  }

  async getJobs(ref: contract.ShardRef, ids: readonly string[]): Promise<readonly JobRecord[]> {
    return await this.#owner(ref, (session) => this.#queries.byIds(session, ref, ids))
  }

  async listJobs(
    ref: contract.ShardRef,
    query: contract.JobQuery,
    page: { after?: string; limit: number },
  ): Promise<contract.JobPage> {
    return await this.#people((session, lists) => lists.list(session, ref, query, page))
  }

  async countJobs(ref: contract.ShardRef, query: contract.JobQuery): Promise<contract.JobCount> {
    return await this.#people((session, lists) => lists.count(session, ref, query))
  }

  async listAttempts(ref: contract.ShardRef, id: string): Promise<readonly AttemptRecord[]> {
    return await this.#people((session, lists) => lists.attempts(session, ref, id))
  }

  async registerPipeline(pipeline: contract.PipelineRecord): Promise<number> {
    const { name, jobTypes, shards, nowMs } = pipeline
    const text = `INSERT INTO ${quoted(this.#schema)}.pipeline VALUES ($1, $2, $3, $3, $4)
      ON CONFLICT (name) DO UPDATE SET job_types = excluded.job_types, last_seen = excluded.last_seen
      RETURNING shards`
    const values = [storedText(name), JSON.stringify(jobTypes), Math.floor(nowMs), shards]
    const [row] = await this.#owner(noShard, (session) => session.rows(text, ...values))
    return numberOf(row?.[0])
  }

  async jobTypesOf(pipeline: string): Promise<readonly string[]> {
    const text = `SELECT job_types FROM ${quoted(this.#schema)}.pipeline WHERE name = $1`
    const [row] = await this.#owner(noShard, (session) => session.rows(text, storedText(pipeline)))
    return row === undefined ? [] : (JSON.parse(textOf(row[0])) as string[])
  }

  async shardsOf(pipeline: string): Promise<number> {
    const text = `SELECT shards FROM ${quoted(this.#schema)}.pipeline WHERE name = $1`
    const [row] = await this.#owner(noShard, (session) => session.rows(text, storedText(pipeline)))
    return row === undefined ? 0 : numberOf(row[0])
  }

  async prune(
    ref: contract.ShardRef,
    policy: contract.RetentionPolicy,
    limit: number,
  ): Promise<number> {
    return await this.#people((session, lists) => lists.prune(session, ref, policy, limit))
  }

  async #open(library: PgLibrary, owner: Connection): Promise<void> {
    try {
      this.#where = `PostgreSQL at ${owner.place()}`
      const facts = await owner.use(async (session) => {
        await migrate(session, this.#schema, this.#where)
        return await serverFacts(session)
      })
      this.#where = `PostgreSQL ${facts.version} at ${owner.place()}`
      // They are connected when they are first used.
      const people = [1, 2].map(() => this.#connection(library, peopleSession))
      const more = Array.from({ length: ownerConnections - 1 }, () =>
        this.#connection(library, ownerSession(this.#synchronousCommit)),
      )
      const lists = new JobLists(quoted(this.#schema), facts)
      if (this.#opening?.owner === owner) {
        this.#parts = { owners: [owner, ...more], people, facts, lists }
      }
    } catch (error) {
      await owner.close()
      throw openingFailed(error, this.#where)
    } finally {
      if (this.#opening?.owner === owner) this.#opening = undefined
    }
  }

  #connection(library: PgLibrary, session: readonly string[]): Connection {
    const connectionString = this.#connectionString
    return new Connection(library, { connectionString, session, answerMsMax })
  }

  #opened(): Parts {
    if (this.#parts === undefined) throw notOpen(this.#where)
    return this.#parts
  }

  /** On the connection of the shard's owner; for what may be done twice. */
  async #owner<T>(
    of: { readonly shard: number },
    action: (session: Session) => Promise<T>,
  ): Promise<T> {
    return await this.#again(this.#connectionOf(of), action)
  }

  #connectionOf({ shard }: { readonly shard: number }): Connection {
    const { owners } = this.#opened()
    return owners[shard % owners.length] ?? owners[0]
  }

  async #people<T>(action: (session: Session, lists: JobLists) => Promise<T>): Promise<T> {
    const { people, owners, lists } = this.#opened()
    this.#turn += 1
    const connection = people[this.#turn % people.length] ?? owners[0]
    return await this.#again(connection, (session) => action(session, lists))
  }

  async #again<T>(on: Connection, action: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await on.useAgain(action)
    } catch (error) {
      if (isCarbontubeError(error) || !this.#isPassing(error)) throw explained(error, this.#where)
      throw storeFailed(this.#where, reasonOf(error), error)
    }
  }

  /** Also a server that took writes and takes none: amid a failover the address may lead to the next primary. */
  #isPassing(error: unknown): boolean {
    const failure = failureOf(error)
    return (
      failure === 'passing' || (failure === 'readOnly' && this.#parts?.facts.isReadOnly === false)
    )
  }

  /** With the name under which this process acquired the epoch: two owners never commit under one. */
  #claim(ref: contract.ShardRef, epoch: number): Claimed {
    const claimed = this.#claimed.get(nameOf(ref))
    return claimed?.epoch === epoch ? claimed : { epoch, owner: undefined, lastGroup: undefined }
  }

  #note(ref: contract.ShardRef, claimed: Claimed): void {
    const name = nameOf(ref)
    if (this.#claimed.get(name)?.epoch === claimed.epoch) this.#claimed.set(name, claimed)
  }
}

function nameOf({ pipeline, shard }: contract.ShardRef): string {
  return `${shard}:${pipeline}`
}
