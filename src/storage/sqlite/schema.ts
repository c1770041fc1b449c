/**
 * The tables of schema 1, and how a file comes into being: complete under another name, then renamed, so
 * that no crash leaves a half-made file. docs/decisions/0003-sqlite-layout.md has the reasons.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SqliteDriver } from './driver.ts'
import { applicationId, schemaVersion } from './header.ts'

/** How `JobRecord.state` is stored. Unsettled states are the first two: statements say `state <= 1`. */
export const stateCodes = { ready: 0, scheduled: 1, done: 2, cancelled: 3, dead: 4 } as const

/** Rows of a shard lie together: `n = shard × 2^44 + sequence`. */
export const rowsPerShard = 2 ** 44

/** Row numbers stay exact in a JavaScript number. */
export const shardsMax = 2 ** 9

/** `rank` is −priority, so that granting order is ascending. Times in ms since 1970. */
const tables = `
CREATE TABLE job (
  n INTEGER PRIMARY KEY,
  shard INTEGER NOT NULL,
  state INTEGER NOT NULL,
  phase INTEGER NOT NULL,
  rank INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  attempts_max INTEGER NOT NULL,
  suspect INTEGER NOT NULL,
  enqueued INTEGER NOT NULL,
  due INTEGER NOT NULL,
  ended INTEGER,
  checksum INTEGER NOT NULL,
  death TEXT,
  token_min TEXT NOT NULL,
  last_error TEXT,
  running BLOB,
  replay_of TEXT,
  id TEXT NOT NULL UNIQUE,
  instructions BLOB,
  history BLOB
);
CREATE INDEX ready_jobs ON job (shard, phase, rank) WHERE state = 0;
CREATE INDEX scheduled_jobs ON job (shard, due, phase) WHERE state = 1;
CREATE INDEX ended_jobs ON job (shard, ended, state) WHERE state IN (2, 3);
CREATE INDEX dead_jobs ON job (shard, ended) WHERE state = 4;
CREATE INDEX noted_jobs ON job (shard) WHERE running IS NOT NULL;
CREATE TABLE shard (
  shard INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  until INTEGER NOT NULL,
  released INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  last_group TEXT NOT NULL,
  last_answer TEXT NOT NULL
);
CREATE TABLE paused (shard INTEGER NOT NULL, phase INTEGER NOT NULL, PRIMARY KEY (shard, phase)) WITHOUT ROWID;
CREATE TABLE pipeline (name TEXT PRIMARY KEY, job_types TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`

/** Makes the file with its folder. The caller holds the owner lock. */
export function createFile(driver: SqliteDriver, path: string, pipeline: string): void {
  const unfinished = `${path}-new`
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    rmSync(unfinished + suffix, { force: true })
  const database = driver.open(unfinished, { readOnly: false, busyTimeoutMs: 0 })
  try {
    database.exec('PRAGMA page_size = 8192')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('BEGIN IMMEDIATE')
    database.exec(tables)
    database.prepare(`INSERT INTO meta VALUES ('pipeline', ?)`).run(pipeline)
    database.exec(`PRAGMA application_id = ${applicationId}`)
    database.exec(`PRAGMA user_version = ${schemaVersion}`)
    database.exec('COMMIT')
  } finally {
    database.close()
  }
  syncPath(unfinished)
  renameSync(unfinished, path)
  syncPath(dirname(path))
}

/** Makes the folder of the file, and those above it, durably. */
export function createFolder(path: string): void {
  const folder = dirname(path)
  const highest = mkdirSync(folder, { recursive: true })
  if (highest === undefined) return
  for (let made = folder; made.length >= highest.length; made = dirname(made)) {
    syncPath(dirname(made))
  }
}

/** A new name survives a power cut only when its folder is synced too. Windows cannot, and need not. */
export function syncPath(path: string): void {
  if (process.platform === 'win32') return
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
