/** Jobs, attempts and an owner that commits, for the tests of a store. */
import assert from 'node:assert/strict'
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { CommitAnswer, Expected, Mutation } from '../../core/mutation.ts'
import type { ErrorCode } from '../../errors/catalogue.ts'
import { isCarbontubeError } from '../../errors/errors.ts'
import type { JobQuery, ShardRef, Storage } from '../../storage/contract.ts'
import { suitePipeline } from './harness.ts'

/** The shard that nearly all tests use. */
export const shard: ShardRef = { pipeline: suitePipeline, shard: 0 }

/** Start of the tests' own time; a store does not look at it. */
export const startMs = 1_800_000_000_000

/** A ready job in phase 0 with id `job-<sequence>`. */
export function aJob(sequence: number, more: Partial<JobRecord> = {}): JobRecord {
  return {
    id: `job-${sequence}`,
    shard: 0,
    sequence,
    state: 'ready',
    phase: 0,
    priority: 0,
    attempts: 0,
    crashes: 0,
    attemptsMax: 0,
    enqueuedMs: startMs + sequence,
    dueMs: startMs + sequence,
    instructions: bytes(`{"number":${sequence}}`),
    checksum: sequence * 7_919,
    tokenMin: '',
    suspect: false,
    applied: [],
    ...more,
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** What a mutation of that job expects; `phase` when it has moved on. */
export function at(job: JobRecord, phase = job.phase): Expected {
  return { id: job.id, sequence: job.sequence, phase }
}

/** An attempt that ended. */
export function anAttempt(more: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    phase: 0,
    attempt: 1,
    token: '0000000000000001-000000000001-00000000000000aa',
    worker: 'resize@box-1',
    startedMs: startMs,
    endedMs: startMs + 5,
    outcome: 'done',
    ...(more.outcome === undefined ? { keys: ['thumbnail'] } : {}),
    ...more,
  }
}

/** An attempt that failed with a TypeError. */
export function aFailure(message: string, more: Partial<AttemptRecord> = {}): AttemptRecord {
  const stack = `TypeError: ${message}\n    at execute (resize.ts:1:1)`
  const error = { kind: 'thrown', name: 'TypeError', message, stack }
  return anAttempt({ outcome: 'failed', error, retryMs: startMs + 1_000, ...more })
}

/** Settles the job as dead after a failure in its phase. */
export function death(job: JobRecord, message: string, endedMs = startMs + 50): Mutation {
  const ended = aFailure(message, { outcome: 'dead', phase: job.phase })
  const counts = { attempts: 5, crashes: 0 }
  const deathReason = 'attempts' as const
  return { type: 'settle', job: at(job), state: 'dead', endedMs, ...counts, deathReason, ended }
}

/** Settles the job as done. */
export function completion(job: JobRecord, endedMs = startMs + 50): Mutation {
  const ended = anAttempt({ phase: job.phase })
  const instructions = bytes('{"result":true}')
  const counts = { attempts: 0, crashes: 0 }
  return { type: 'settle', job: at(job), state: 'done', endedMs, ...counts, instructions, ended }
}

export function inserts(jobs: readonly JobRecord[]): Mutation[] {
  return jobs.map((job) => ({ type: 'insert', job }))
}

/** Commits under one epoch, numbering its groups. */
export class Owner {
  readonly store: Storage
  readonly ref: ShardRef
  readonly epoch: number
  #number = 0

  constructor(store: Storage, ref: ShardRef, epoch: number) {
    this.store = store
    this.ref = ref
    this.epoch = epoch
  }

  /** Acquires the shard with a lease of a minute. */
  static async of(store: Storage, ref: ShardRef = shard, name = 'owner'): Promise<Owner> {
    const answer = await store.acquire(ref, name, 60_000)
    assert.equal(answer.outcome, 'acquired')
    return new Owner(store, ref, answer.outcome === 'acquired' ? answer.epoch : 0)
  }

  async commit(...mutations: readonly Mutation[]): Promise<CommitAnswer> {
    this.#number += 1
    const { epoch } = this
    const group = { id: `${epoch}-${this.#number}`, number: this.#number, mutations }
    return await this.store.commit(this.ref, epoch, group)
  }

  /** Stores the jobs in groups of 1,000. */
  async insert(...jobs: readonly JobRecord[]): Promise<void> {
    for (let from = 0; from < jobs.length; from += 1_000) {
      const answer = await this.commit(...inserts(jobs.slice(from, from + 1_000)))
      assert.ok(answer.inserts.every(({ outcome }) => outcome === 'stored'))
    }
  }
}

/** The stored job, with its bytes as text. */
export async function stored(store: Storage, id: string, ref = shard): Promise<PlainJob> {
  const [job] = await store.getJobs(ref, [id])
  assert.ok(job, `${id} is not stored`)
  return plain(job)
}

export type PlainJob = Omit<JobRecord, 'instructions'> & { readonly instructions: string }

/** A record that compares by value, whatever kind of byte array the store returns. */
export function plain(job: JobRecord): PlainJob {
  return { ...job, instructions: new TextDecoder().decode(job.instructions) }
}

/** All pages of a list. */
export async function listAll(
  store: Storage,
  query: JobQuery = {},
  limit = 100,
): Promise<JobRecord[]> {
  const jobs: JobRecord[] = []
  let after: string | undefined
  do {
    const page = await store.listJobs(
      shard,
      query,
      after === undefined ? { limit } : { after, limit },
    )
    assert.ok(page.jobs.length <= limit)
    jobs.push(...page.jobs)
    assert.ok(page.next === undefined || page.next !== after, 'the cursor stands still')
    after = page.next
  } while (after !== undefined)
  return jobs
}

/** Everything that a shard shows, to compare before and after. */
export async function snapshot(store: Storage): Promise<unknown> {
  const jobs = (await listAll(store)).map(plain)
  const attempts = await Promise.all(jobs.map(({ id }) => store.listAttempts(shard, id)))
  const summary = await store.summarise(shard)
  return { summary: { ...summary, noted: summary.noted.map(plain) }, jobs, attempts }
}

/** Expects the rejection with that code. */
export async function refuses(code: ErrorCode, action: Promise<unknown>): Promise<void> {
  await assert.rejects(action, (error: unknown) => {
    assert.ok(isCarbontubeError(error), `not an error of the catalogue: ${String(error)}`)
    assert.equal(error.code, code)
    return true
  })
}
