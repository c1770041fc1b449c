/**
 * What lies where in LMDB: the jobs by sequence, and one ordered index with a key for each question that is
 * asked of the store. The keys of a job follow from its record alone, so no change of a job can forget one.
 */
import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { storeForeign } from 'carbontube/storage'
import type { AttemptRecord, CommitAnswer, JobRecord } from 'carbontube/storage'
import type { Ownership, StoredJob } from 'carbontube/storage'

// #region keys
export type Key = (string | number)[]

/** Each begins with the question and the shard, and ends with the sequence of the job. */
function keysOf(job: StoredJob | undefined): ReadonlyMap<string, Key> {
  if (job === undefined) return new Map()
  const { record } = job
  const { shard, sequence, state, phase, priority, dueMs, endedMs = 0 } = record
  const places: Record<JobRecord['state'], Key> = {
    // `0 -`, not `-`: to LMDB the two zeros are two keys.
    ready: ['ready', shard, phase, 0 - priority, sequence],
    scheduled: ['due', shard, dueMs, sequence],
    done: ['ended', shard, endedMs, sequence],
    cancelled: ['ended', shard, endedMs, sequence],
    dead: ['dead', shard, endedMs, sequence],
  }
  const keys = [places[state], ['state', shard, state, sequence]]
  if (record.running !== undefined) keys.push(['noted', shard, sequence])
  return new Map(keys.map((key) => [key.join(' '), key]))
}
// #endregion keys

/** What there is to know of a shard without looking at its jobs. */
export interface ShardRow {
  ownership?: Ownership
  lastSequence: number
  paused: number[]
  readonly phases: { phase: number; ready: number; scheduled: number }[]
  readonly settled: { done: number; dead: number; cancelled: number }
  /** The last group and its answer, should it come again. */
  last?: { readonly group: string; readonly answer: CommitAnswer }
}

export function newShard(): ShardRow {
  return { lastSequence: 0, paused: [], phases: [], settled: { done: 0, dead: 0, cancelled: 0 } }
}

export const schemaVersion = 1

/** No job has a longer id: 128 bytes are the most. */
const idLengthMax = 128

/** @throws CT_STORE_FOREIGN when something else lies in the folder */
export function openTables(folder: string, pipeline: string) {
  if (!isLmdb(join(folder, 'data.mdb'))) throw storeForeign(folder, 'data.mdb is not of LMDB')
  // Without `overlappingSync` a transaction is on the disk when it has been committed.
  const root = open<unknown, string>({ path: folder, noSubdir: false, overlappingSync: false })
  const mark = `carbontube own-backend ${schemaVersion} ${pipeline}`
  const isNew = root.getKeysCount() === 0
  if (!isNew && root.get('mark') !== mark) {
    void root.close()
    throw storeForeign(folder, `it is not marked ${JSON.stringify(mark)}`)
  }
  if (isNew) root.putSync('mark', mark)
  // Plain MessagePack, which any other program can read.
  const packed = { encoding: 'msgpack', useRecords: false } as const
  return {
    root,
    jobs: root.openDB<JobRecord, [shard: number, sequence: number]>('jobs', packed),
    attempts: root.openDB<readonly AttemptRecord[], [number, number]>('attempts', packed),
    ids: root.openDB<number, [shard: number, id: string]>('ids', packed),
    index: root.openDB<true, Key>('index', packed),
    shards: root.openDB<ShardRow, number>('shards', packed),
    pipelines: root.openDB<{ jobTypes: readonly string[]; lastSeenMs: number }, string>(
      'pipelines',
      packed,
    ),
  }
}

/** All of them change in the same transaction, whichever of them began it. */
export type Tables = ReturnType<typeof openTables>

/** Whether LMDB may be shown the file, if there is one: on any other, lmdb 3.5 takes the process down. */
function isLmdb(file: string): boolean {
  if (!existsSync(file)) return true
  const bytes = Buffer.alloc(64)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, bytes)
  closeSync(descriptor)
  return bytes.includes(Buffer.from('dec0efbe', 'hex'))
}

/** Of a key of `due`, `ended` and `dead`. */
export const timeOf = (key: Key): number => Number(key[2])
export const sequenceOf = (key: Key | undefined): number => Number(key?.at(-1))

/** The keys that begin with `prefix`, in their order, from the start or behind the cursor. */
export function keysBelow(
  { index }: Tables,
  prefix: Key,
  limit = Infinity,
  cursor: Key = [],
): Key[] {
  const range = { start: [...prefix, ...cursor], end: [...prefix, Infinity], exclusiveStart: true }
  return [...index.getKeys(Number.isFinite(limit) ? { ...range, limit } : range)]
}

export function recordsOf({ jobs }: Tables, shard: number, keys: readonly Key[]): JobRecord[] {
  return keys.flatMap((key) => jobs.get([shard, sequenceOf(key)]) ?? [])
}

/** 0 when no job has the id. People may ask for longer ones than LMDB takes as a key. */
export function sequenceOfId({ ids }: Tables, shard: number, id: string): number {
  return id.length > idLengthMax ? 0 : (ids.get([shard, id]) ?? 0)
}

export function jobAt(tables: Tables, shard: number, sequence: number): StoredJob | undefined {
  const record = tables.jobs.get([shard, sequence])
  return record && { record, attempts: tables.attempts.get([shard, sequence]) ?? [] }
}

// #region replace
/** Puts one state of a job in the place of another, with all that follows from it. In a transaction. */
export function replace(
  { tables, row }: { readonly tables: Tables; readonly row: ShardRow },
  before: StoredJob | undefined,
  after: StoredJob | undefined,
): void {
  const job = after ?? before
  if (job === undefined) return
  const { id, shard, sequence } = job.record
  const [old, now] = [keysOf(before), keysOf(after)]
  for (const [name, key] of old) if (!now.has(name)) tables.index.removeSync(key)
  for (const [name, key] of now) if (!old.has(name)) tables.index.putSync(key, true)
  if (before !== undefined) count(row, before.record, -1)
  else tables.ids.putSync([shard, id], sequence)
  if (after !== undefined) {
    count(row, after.record, +1)
    tables.jobs.putSync([shard, sequence], after.record)
    if (after.attempts.length > 0 && after.attempts !== before?.attempts)
      tables.attempts.putSync([shard, sequence], after.attempts)
  } else {
    tables.ids.removeSync([shard, id])
    tables.jobs.removeSync([shard, sequence])
    tables.attempts.removeSync([shard, sequence])
  }
}
// #endregion replace

function count({ phases, settled }: ShardRow, { state, phase }: JobRecord, by: 1 | -1): void {
  if (state !== 'ready' && state !== 'scheduled') return void (settled[state] += by)
  let waiting = phases.find((one) => one.phase === phase)
  if (waiting === undefined) {
    phases.push((waiting = { phase, ready: 0, scheduled: 0 }))
    phases.sort((a, b) => a.phase - b.phase)
  }
  waiting[state] += by
}
