/**
 * A storage backend of one's own, on LMDB: a folder per pipeline, one process at a time, no server. It is
 * written against what the package exports, as anybody could, and passes the suite that every backend passes.
 *
 * A group is one transaction of LMDB: on the disk before `commit` resolves (D2), and taken back as a whole by
 * an error thrown inside. What a mutation does to a job, who may commit, and what errors are called comes from
 * `carbontube/storage`; what lies where is in `job-tables.ts`.
 */
import { mkdirSync, statfsSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isCarbontubeError } from 'carbontube'
import * as ct from 'carbontube/storage'
import { takeFolder, type FolderLock } from './folder-lock.ts'
import { jobAt, keysBelow, newShard, openTables, recordsOf, replace } from './job-tables.ts'
import { schemaVersion, sequenceOf, sequenceOfId, timeOf } from './job-tables.ts'
import type { Key, ShardRow, Tables } from './job-tables.ts'

export interface LmdbStorageOptions {
  /** Where the data lies. Default `./.carbontube/<pipeline>.lmdb`; it is created. */
  readonly folder?: string
  /** The store's clock, for leases; milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number
}

/** Stands for the whole pipeline among the paused phases. */
const wholePipeline = -1
/** Jobs that a list looks at before others get their turn. */
const sliceJobs = 500
/** With less room than this on the disk, it is full. */
const fullBelowBytes = 1024 * 1024

/** `new LmdbStorageBackend('resize')`. */
export class LmdbStorageBackend implements ct.Storage {
  readonly #pipeline: string
  readonly #folder: string
  readonly #nowMs: () => number
  #opened: { readonly tables: Tables; readonly lock: FolderLock } | undefined
  /** Shards acquired since `open`. */
  readonly #acquired = new Set<number>()

  constructor(pipelineName: string, options: LmdbStorageOptions = {}) {
    this.#pipeline = pipelineName
    this.#folder = resolve(options.folder ?? `.carbontube/${pipelineName}.lmdb`)
    this.#nowMs = options.nowMs ?? Date.now
  }

  // #region open
  async open(): Promise<void> {
    if (this.#opened !== undefined) return
    mkdirSync(this.#folder, { recursive: true })
    const tables = openTables(this.#folder, this.#pipeline)
    try {
      // In a transaction, for its lock: two processes that start at once look one after the other.
      const lock = tables.root.transactionSync(() => takeFolder(this.#folder))
      this.#opened = { tables, lock }
    } catch (error) {
      await tables.root.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    this.#acquired.clear()
    await opened?.tables.root.close()
    // Last: whoever takes the folder next finds it at rest.
    opened?.lock.release()
  }

  info(): ct.StorageInfo {
    return {
      description: `LMDB at ${this.#folder}`,
      capabilities: { durability: 'D2', shared: false, persistent: true, search: true },
      schemaVersion,
    }
  }
  // #endregion open

  // #region own
  async acquire(ref: ct.ShardRef, owner: string, ttlMs: number): Promise<ct.AcquireAnswer> {
    // The lock of the folder keeps others out: an owner from before `open` is dead, not slow.
    const ownerDied = !this.#acquired.has(ref.shard)
    const answer = await this.#change(ref, ({ row }) => {
      const claim = { owner, ttlMs, nowMs: this.#nowMs(), ownerDied }
      const { answer, next } = ct.claimShard(row.ownership, claim)
      if (next !== undefined) row.ownership = next
      return answer
    })
    this.#acquired.add(ref.shard)
    return answer
  }

  renew(ref: ct.ShardRef, epoch: number, ttlMs: number): Promise<boolean> {
    return this.#changeOwned(ref, epoch, { untilMs: this.#nowMs() + ttlMs })
  }

  async release(ref: ct.ShardRef, epoch: number): Promise<void> {
    await this.#changeOwned(ref, epoch, { released: true })
  }

  async owners(_pipeline: string, shards: readonly number[]): Promise<ReadonlyMap<number, string>> {
    const { tables } = this.#use()
    const owners = new Map<number, string>()
    for (const shard of shards) {
      const ownership = tables.shards.get(shard)?.ownership
      const ownerDied = !this.#acquired.has(shard)
      if (!ct.isHeld(ownership, { nowMs: this.#nowMs(), ownerDied })) continue
      owners.set(shard, ownership.owner)
    }
    return owners
  }

  #changeOwned(ref: ct.ShardRef, epoch: number, to: Partial<ct.Ownership>): Promise<boolean> {
    return this.#change(ref, ({ row }) => {
      if (row.ownership === undefined || !ct.owns(row.ownership, epoch)) return false
      row.ownership = { ...row.ownership, ...to }
      return true
    })
  }
  // #endregion own

  // #region commit
  async commit(ref: ct.ShardRef, epoch: number, group: ct.Group): Promise<ct.CommitAnswer> {
    return await this.#change(ref, (change) => {
      const { row } = change
      if (!ct.owns(row.ownership, epoch)) throw ct.fenced(ref, epoch, row.ownership?.epoch)
      if (row.last?.group === group.id) return row.last.answer

      const inserts: ct.InsertAnswer[] = []
      for (const mutation of group.mutations) {
        if (mutation.type === 'insert') inserts.push(insert(change, mutation))
        else if (mutation.type === 'pause' || mutation.type === 'resume') pause(change, mutation)
        else apply(change, mutation)
      }
      row.last = { group: group.id, answer: { inserts } }
      return row.last.answer
    })
  }
  // #endregion commit

  // #region transaction
  /**
   * One transaction, on the disk when it returns; an error thrown in `action` takes all of it back. It holds
   * the loop while the disk works: lmdb has asynchronous ones too, but they keep what was written before the
   * error (`transaction`), or end the process when the disk is full (`childTransaction`).
   */
  #write<T>(action: (tables: Tables) => T): T {
    const { tables } = this.#use()
    try {
      return tables.root.transactionSync(() => action(tables))
    } catch (error) {
      if (isCarbontubeError(error)) throw error
      const { bavail, bsize } = statfsSync(this.#folder)
      const isFull = bavail * bsize < fullBelowBytes
      throw isFull ? ct.storeFull(this.#folder, error) : ct.flushFailed(this.#folder, error)
    }
  }

  async #change<T>(ref: ct.ShardRef, action: (change: Change) => T): Promise<T> {
    return this.#write((tables) => {
      const row = tables.shards.get(ref.shard) ?? newShard()
      const answer = action({ ref, tables, row })
      tables.shards.putSync(ref.shard, row)
      return answer
    })
  }
  // #endregion transaction

  async summarise({ shard }: ct.ShardRef): Promise<ct.ShardSummary> {
    const { tables } = this.#use()
    const { lastSequence, phases, settled, paused } = tables.shards.get(shard) ?? newShard()
    const [first] = keysBelow(tables, ['due', shard], 1)
    return {
      lastSequence,
      phases: phases.filter(({ ready, scheduled }) => ready + scheduled > 0),
      settled,
      ...(first === undefined ? {} : { nextDueMs: timeOf(first) }),
      paused,
      noted: recordsOf(tables, shard, keysBelow(tables, ['noted', shard])),
    }
  }

  // #region load
  async loadReady(
    { shard }: ct.ShardRef,
    { phase, after, limit }: { phase: number; after?: ct.ReadyCursor; limit: number },
  ): Promise<readonly ct.JobRecord[]> {
    const { tables } = this.#use()
    const cursor = after && [0 - after.priority, after.sequence]
    return recordsOf(tables, shard, keysBelow(tables, ['ready', shard, phase], limit, cursor))
  }

  async loadDue(
    { shard }: ct.ShardRef,
    { untilMs, after, limit }: { untilMs: number; after?: ct.DueCursor; limit: number },
  ): Promise<{ jobs: readonly ct.JobRecord[]; nextDueMs?: number }> {
    const { tables } = this.#use()
    const cursor = after && [after.dueMs, after.sequence]
    const keys = keysBelow(tables, ['due', shard], limit + 1, cursor)
    const due = keys.slice(0, limit).filter((key) => timeOf(key) <= untilMs)
    const next = keys[due.length]
    const jobs = recordsOf(tables, shard, due)
    return next === undefined ? { jobs } : { jobs, nextDueMs: timeOf(next) }
  }
  // #endregion load

  async getJobs({ shard }: ct.ShardRef, ids: readonly string[]): Promise<readonly ct.JobRecord[]> {
    const { tables } = this.#use()
    return ids.flatMap((id) => tables.jobs.get([shard, sequenceOfId(tables, shard, id)]) ?? [])
  }

  async listJobs(
    ref: ct.ShardRef,
    query: ct.JobQuery,
    page: { after?: string; limit: number },
  ): Promise<ct.JobPage> {
    const limit = ct.pageLimit(page.limit)
    const jobs: ct.JobRecord[] = []
    for await (const record of this.#matching(ref, query, ct.sequenceOfCursor(page.after))) {
      if (jobs.length === limit) return { jobs, next: String(jobs.at(-1)?.sequence) }
      jobs.push(record)
    }
    return { jobs }
  }

  async countJobs(ref: ct.ShardRef, query: ct.JobQuery): Promise<ct.JobCount> {
    let count = 0
    for await (const _record of this.#matching(ref, query, ct.sequenceOfCursor(undefined))) {
      if (count === ct.countExactMax) return { count, more: true }
      count += 1
    }
    return { count, more: false }
  }

  /** Newest first. A slice at a time: what people ask for must not hold up the owner's work. */
  async *#matching(
    { shard }: ct.ShardRef,
    query: ct.JobQuery,
    below: number,
  ): AsyncGenerator<ct.JobRecord> {
    const { state } = query
    const isOneState = state !== undefined && state !== 'unsettled'
    const end = isOneState ? ['state', shard, state] : [shard]
    for (let before = below; ;) {
      const { tables } = this.#use()
      const range = { start: [...end, before - 1], end, reverse: true, limit: sliceJobs }
      const keys: Key[] = [...(isOneState ? tables.index : tables.jobs).getKeys(range)]
      yield* recordsOf(tables, shard, keys).filter((record) => ct.fitsQuery(record, query))
      if (keys.length < sliceJobs) return
      before = sequenceOf(keys.at(-1))
      await setImmediate()
    }
  }

  async listAttempts({ shard }: ct.ShardRef, id: string): Promise<readonly ct.AttemptRecord[]> {
    const { tables } = this.#use()
    return jobAt(tables, shard, sequenceOfId(tables, shard, id))?.attempts ?? []
  }

  async registerPipeline({ name, jobTypes, nowMs }: ct.PipelineRecord): Promise<number> {
    this.#write(({ pipelines }) => pipelines.putSync(name, { jobTypes, lastSeenMs: nowMs }))
    return 1
  }

  async jobTypesOf(pipeline: string): Promise<readonly string[]> {
    return this.#use().tables.pipelines.get(pipeline)?.jobTypes ?? []
  }

  async shardsOf(pipeline: string): Promise<number> {
    return this.#use().tables.pipelines.doesExist(pipeline) ? 1 : 0
  }

  // #region prune
  async prune(ref: ct.ShardRef, policy: ct.RetentionPolicy, limit: number): Promise<number> {
    const { nowMs, deadKeepMs, settledKeepMs, settledKeepJobs } = policy
    return await this.#change(ref, ({ tables, row }) => {
      const { shard } = ref
      const gone = keysBelow(tables, ['dead', shard], limit).filter(
        (key) => timeOf(key) < nowMs - deadKeepMs,
      )
      // The old ones and those that are too many are both the first of them.
      const tooMany = row.settled.done + row.settled.cancelled - settledKeepJobs
      const ended = keysBelow(tables, ['ended', shard], limit - gone.length)
      gone.push(...ended.filter((key, at) => at < tooMany || timeOf(key) < nowMs - settledKeepMs))
      for (const key of gone) {
        replace({ tables, row }, jobAt(tables, shard, sequenceOf(key)), undefined)
      }
      return gone.length
    })
  }
  // #endregion prune

  #use(): { readonly tables: Tables } {
    if (this.#opened === undefined) throw ct.notOpen(this.#folder)
    return this.#opened
  }
}

interface Change {
  readonly ref: ct.ShardRef
  readonly tables: Tables
  readonly row: ShardRow
}

type Of<T extends ct.Mutation['type']> = Extract<ct.Mutation, { type: T }>

// #region mutations
function insert(change: Change, mutation: Of<'insert'>): ct.InsertAnswer {
  const { ref, tables, row } = change
  const { shard } = ref
  const { id, sequence, checksum } = mutation.job
  const known = tables.ids.get([shard, id])
  if (known !== undefined) {
    const isSame = tables.jobs.get([shard, known])?.checksum === checksum
    return { id, outcome: isSame ? 'duplicate' : 'conflict' }
  }
  if (tables.jobs.doesExist([shard, sequence])) {
    throw ct.mutationMisfit(ref, mutation, `sequence ${sequence} is taken`)
  }
  replace(change, undefined, { record: { ...mutation.job, applied: [] }, attempts: [] })
  row.lastSequence = Math.max(row.lastSequence, sequence)
  return { id, outcome: 'stored' }
}

function apply(change: Change, mutation: ct.JobMutation): void {
  const { ref, tables } = change
  const job = jobAt(tables, ref.shard, mutation.job.sequence)
  const why = ct.misfit(job, mutation)
  if (job === undefined || why !== undefined) {
    throw ct.mutationMisfit(ref, mutation, why ?? 'no such job')
  }
  replace(change, job, ct.changed(job, mutation))
}

function pause({ row }: Change, { type, phase = wholePipeline }: Of<'pause' | 'resume'>): void {
  const others = row.paused.filter((one) => one !== phase)
  row.paused = type === 'resume' ? others : [...others, phase].sort((a, b) => a - b)
}
// #endregion mutations
