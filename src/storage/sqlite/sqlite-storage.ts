/**
 * The default store: one SQLite file per pipeline, one process that writes it, no server. A group of
 * mutations is one transaction, on the disk before it is acknowledged (D2), which makes thousands of jobs
 * share one fsync. Everything but that fsync is synchronous inside; groups and people's queries are
 * bounded, so that the loop is never held for long.
 */
import { join, resolve } from 'node:path'
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { CommitAnswer, Group } from '../../core/mutation.ts'
import { checkOptions, type OptionKinds } from '../../errors/check-options.ts'
import { CarbontubeError } from '../../errors/errors.ts'
import type * as contract from '../contract.ts'
import { claimShard, isHeld, owns } from '../ownership.ts'
import { packAnswer, unpackAnswer } from '../packed-answer.ts'
import { fenced, notOpen, outcomeUnknown, readOnlyStore } from '../storage-errors.ts'
import { checkInBackground } from './background-check.ts'
import { loadDriver, type SqliteDatabase } from './driver.ts'
import { isBusy } from './failures.ts'
import { schemaVersion } from './header.ts'
import { GroupWriter } from './mutations.ts'
import { followLink, openForReading, openForWriting, type OpenFile } from './open-file.ts'
import { JobQueries } from './queries.ts'
import { Retention } from './retention.ts'
import { freeBytesMinDefault, isFull, Room } from './room.ts'
import { shardsMax } from './schema.ts'
import { registeredTypes, ShardRows } from './shards.ts'
import { Transactions } from './transactions.ts'

/** What may be set of an SQLite store. */
export interface SqliteStorageOptions {
  /** The file. Default `./.carbontube/<pipeline>.db`; its folder is created. */
  readonly path?: string
  /** `D2` (default) survives a power cut; `D1` only the crash of processes, and is faster. */
  readonly durability?: 'D2' | 'D1'
  /** Reads beside the owner: every write is refused. Default false. */
  readonly readOnly?: boolean
  /** Largest size of the file in bytes, then CT_STORE_FULL; 0 (default) = as the disk allows. */
  readonly fileBytesMax?: number
  /**
   * With less free space on the disk, in bytes, no new jobs are stored: CT_STORE_FULL. Default 256 MiB;
   * 0 = the disk is not looked at, and no ballast is kept for settling on a full one.
   */
  readonly freeBytesMin?: number
  /** The store's clock, for leases; milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number
}

const optionKinds = {
  ...{ path: 'string', durability: ['D2', 'D1'], readOnly: 'boolean', nowMs: 'function' },
  ...{ fileBytesMax: 'number', freeBytesMin: 'number' },
} satisfies OptionKinds<SqliteStorageOptions>

/** How long an owner waits at once for the lock of somebody else at its file: its loop stands still meanwhile. */
const ownerBusyTimeoutMs = 100

/** The parts of a store that is open for reading. */
interface Parts {
  readonly file: OpenFile
  readonly jobs: JobQueries
  readonly shards: ShardRows
  readonly sqliteVersion: string
  /** Aborted by `close`. */
  readonly closing: AbortController
  /** Absent when read-only. */
  readonly writing?: Writing
}

interface Writing extends Parts {
  readonly transactions: Transactions
  readonly groups: GroupWriter
  readonly retention: Retention
  readonly room: Room
}

/**
 * The default: an SQLite file for each pipeline, written by one manager at a time (D2). Needs the package
 * `better-sqlite3`. `new SqliteStorageBackend('resize')`.
 */
export class SqliteStorageBackend implements contract.Storage {
  readonly #pipeline: string
  #path: string
  readonly #options: Required<Omit<SqliteStorageOptions, 'path'>>
  #parts: Parts | undefined
  /** Shards acquired since `open`: an owner of another one left with an earlier process. */
  readonly #acquired = new Set<number>()

  /**
   * Nothing is opened before `open`.
   *
   * @param pipelineName name of the pipeline; `open` refuses the file of another one
   * @param options where the file is, and how much it may take
   * @throws CT_BAD_OPTION
   */
  constructor(pipelineName: string, options: SqliteStorageOptions = {}) {
    checkOptions('SqliteStorageBackend', options, optionKinds)
    this.#pipeline = pipelineName
    this.#path = resolve(options.path ?? defaultPath(pipelineName))
    this.#options = {
      durability: options.durability ?? 'D2',
      readOnly: options.readOnly ?? false,
      fileBytesMax: options.fileBytesMax ?? 0,
      freeBytesMin: options.freeBytesMin ?? freeBytesMinDefault,
      nowMs: options.nowMs ?? Date.now,
    }
  }

  async open(): Promise<void> {
    if (this.#parts !== undefined) return
    const driver = loadDriver()
    this.#path = followLink(this.#path)
    const { durability, readOnly, fileBytesMax, freeBytesMin } = this.#options
    const file = readOnly
      ? openForReading(driver, this.#path, this.#pipeline)
      : openForWriting(driver, this.#path, {
          pipeline: this.#pipeline,
          durability,
          fileBytesMax,
          freeBytesMin,
        })
    this.#parts = partsOf(file, new Room(this.#path, freeBytesMin), this.#path)
    await this.#parts.writing?.room.keepBallast()
  }

  async close(): Promise<void> {
    const parts = this.#parts
    this.#parts = undefined
    this.#acquired.clear()
    parts?.file.log?.close()
    parts?.closing.abort()
    await parts?.writing?.room.close()
    parts?.file.database.close()
    // Last: the next owner must find the file closed.
    parts?.file.lock?.release()
  }

  info(): contract.StorageInfo {
    const version = this.#parts === undefined ? '' : ` ${this.#parts.sqliteVersion}`
    return {
      description: `SQLite${version} at ${this.#path}`,
      capabilities: {
        durability: this.#options.durability,
        shared: false,
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
    const { file, shards, transactions, room } = this.#writing(ref)
    const ownerDied = !this.#acquired.has(ref.shard)
    const claim = () =>
      transactions.run(() => {
        const nowMs = this.#options.nowMs()
        const outcome = claimShard(shards.get(ref.shard), { owner, ttlMs, nowMs, ownerDied })
        if (outcome.next !== undefined) shards.own(ref.shard, outcome.next)
        return outcome.answer
      })
    const answer = room.giveTo(claim)
    this.#acquired.add(ref.shard)
    file.database.exec(`PRAGMA busy_timeout = ${ownerBusyTimeoutMs}`)
    await this.#flush()
    return answer
  }

  async renew(ref: contract.ShardRef, epoch: number, ttlMs: number): Promise<boolean> {
    const { shards, transactions, room } = this.#writing(ref)
    // Here, because somebody calls it every few seconds.
    void room.keepBallast()
    const untilMs = this.#options.nowMs() + ttlMs
    try {
      return room.giveTo(() => transactions.run(() => shards.renew(ref.shard, epoch, untilMs)))
    } catch (error) {
      if (!isFull(error) && !isBusy(error)) throw error
      // Nobody else can take the shard: this process holds the lock of the file.
      return owns(shards.get(ref.shard), epoch)
    }
  }

  async release(ref: contract.ShardRef, epoch: number): Promise<void> {
    const { shards, transactions, room } = this.#writing(ref)
    try {
      room.giveTo(() => transactions.run(() => shards.release(ref.shard, epoch)))
      await this.#flush()
    } catch (error) {
      // The lock ends with this process: the next owner takes the shard as that of a dead one.
      if (!isFull(error)) throw error
    }
  }

  async owners(pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const nowMs = this.#options.nowMs()
    const owners = new Map<number, string>()
    for (const shard of shards) {
      const row = this.#reading({ pipeline, shard }).shards.get(shard)
      const ownerDied = !this.#acquired.has(shard)
      if (isHeld(row, { nowMs, ownerDied })) owners.set(shard, row.owner)
    }
    return owners
  }

  async commit(ref: contract.ShardRef, epoch: number, group: Group): Promise<CommitAnswer> {
    const { shards, transactions, groups, retention, room } = this.#writing(ref)
    let endedDelta = 0
    const change = (): CommitAnswer => {
      const row = shards.get(ref.shard)
      if (row === undefined || !owns(row, epoch)) throw fenced(ref, epoch, row?.epoch)
      if (row.lastGroup === group.id) return unpackAnswer(row.lastAnswer, group)
      room.refuseInserts(group)
      const effect = groups.apply(ref, group)
      const { lastSequence, inserts } = effect
      shards.committed(ref.shard, group, { lastSequence, answer: packAnswer(inserts) })
      endedDelta = effect.endedDelta
      return { inserts }
    }
    try {
      const answer = transactions.run(change, (cause) => outcomeUnknown(this.#path, group, cause))
      retention.changed(ref.shard, endedDelta)
      await this.#flush()
      return answer
    } catch (error) {
      retention.forget(ref.shard)
      // Whoever settles comes again with the same group.
      if (group.mutations[0]?.type !== 'insert') room.makeFor(error)
      throw error
    }
  }

  async summarise(ref: contract.ShardRef): Promise<contract.ShardSummary> {
    const { jobs, shards } = this.#reading(ref)
    const lastSequence = shards.get(ref.shard)?.lastSequence ?? 0
    return { lastSequence, ...jobs.summary(ref.shard) }
  }

  async loadReady(
    ref: contract.ShardRef,
    range: { phase: number; after?: contract.ReadyCursor; limit: number },
  ): Promise<readonly JobRecord[]> {
    return this.#reading(ref).jobs.ready(ref.shard, range)
  }

  async loadDue(
    ref: contract.ShardRef,
    range: { untilMs: number; after?: contract.DueCursor; limit: number },
  ): Promise<{ jobs: readonly JobRecord[]; nextDueMs?: number }> {
    return this.#reading(ref).jobs.due(ref.shard, range)
  }

  async getJobs(ref: contract.ShardRef, ids: readonly string[]): Promise<readonly JobRecord[]> {
    return this.#reading(ref).jobs.byIds(ref.shard, ids)
  }

  async listJobs(
    ref: contract.ShardRef,
    query: contract.JobQuery,
    page: { after?: string; limit: number },
  ): Promise<contract.JobPage> {
    return this.#reading(ref).jobs.list(ref.shard, query, page)
  }

  async countJobs(ref: contract.ShardRef, query: contract.JobQuery): Promise<contract.JobCount> {
    return this.#reading(ref).jobs.count(ref.shard, query)
  }

  async listAttempts(ref: contract.ShardRef, id: string): Promise<readonly AttemptRecord[]> {
    return this.#reading(ref).jobs.attempts(ref.shard, id)
  }

  async registerPipeline({ name, jobTypes, nowMs }: contract.PipelineRecord): Promise<number> {
    const { file, transactions, room } = this.#writing({ pipeline: this.#pipeline, shard: 0 })
    const statement = file.database.prepare(`INSERT INTO pipeline VALUES (?, ?, ?, ?)
      ON CONFLICT (name) DO UPDATE SET job_types = excluded.job_types, last_seen = excluded.last_seen`)
    const note = () => statement.run(name, JSON.stringify(jobTypes), nowMs, nowMs)
    room.giveTo(() => transactions.run(note))
    return 1
  }

  async jobTypesOf(pipeline: string): Promise<readonly string[]> {
    const { file } = this.#reading({ pipeline: this.#pipeline, shard: 0 })
    return registeredTypes(file.database, pipeline)
  }

  async shardsOf(pipeline: string): Promise<number> {
    const { file } = this.#reading({ pipeline: this.#pipeline, shard: 0 })
    const statement = file.database.prepare('SELECT 1 FROM pipeline WHERE name = ?')
    return statement.get(pipeline) === undefined ? 0 : 1
  }

  async prune(
    ref: contract.ShardRef,
    policy: contract.RetentionPolicy,
    limit: number,
  ): Promise<number> {
    const { retention, transactions } = this.#writing(ref)
    try {
      return transactions.run(() => retention.prune(ref.shard, policy, limit))
    } catch (error) {
      retention.forget(ref.shard)
      throw error
    }
  }

  /** What was written is on the disk. */
  async #flush(): Promise<void> {
    await this.#parts?.file.log?.flush()
  }

  async check(): Promise<readonly string[]> {
    if (this.#parts === undefined) throw notOpen(this.#path)
    const { closing } = this.#parts
    try {
      return await checkInBackground(this.#path, closing.signal)
    } catch (error) {
      if (!closing.signal.aborted) throw error
      throw new CarbontubeError('CT_STOPPED', `${this.#path} was closed while it was checked`)
    }
  }

  #reading(ref: contract.ShardRef): Parts {
    if (this.#parts === undefined) throw notOpen(this.#path)
    if (ref.pipeline !== this.#pipeline || !(ref.shard >= 0 && ref.shard < shardsMax)) {
      throw new CarbontubeError(
        'CT_BAD_OPTION',
        `${this.#path} holds shards 0 to ${shardsMax - 1} of ${this.#pipeline}, ` +
          `not shard ${ref.shard} of ${ref.pipeline}`,
      )
    }
    return this.#parts
  }

  #writing(ref: contract.ShardRef): Writing {
    const { writing } = this.#reading(ref)
    if (writing === undefined) throw readOnlyStore(this.#path)
    return writing
  }
}

function partsOf(file: OpenFile, room: Room, path: string): Parts {
  const { database } = file
  const reading = {
    file,
    jobs: new JobQueries(database),
    shards: new ShardRows(database),
    sqliteVersion: versionOf(database),
    closing: new AbortController(),
  }
  if (file.lock === undefined) return reading
  const writing = {
    ...reading,
    transactions: new Transactions(database, path),
    groups: new GroupWriter(database),
    retention: new Retention(database),
    room,
  }
  return { ...reading, writing }
}

function versionOf(database: SqliteDatabase): string {
  return String(database.prepare('SELECT sqlite_version() AS version').get()?.['version'] ?? '')
}

/** A pipeline may be named as it likes; a file may not. */
function defaultPath(pipelineName: string): string {
  const safe = pipelineName.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '')
  return join('.carbontube', `${safe === '' ? 'pipeline' : safe}.db`)
}
