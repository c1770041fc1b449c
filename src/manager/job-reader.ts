/** What people ask about jobs: one with its history, or a page of a list. Reads the store; decides nothing. */
import type { JobRecord } from '../core/job.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { closest } from '../errors/did-you-mean.ts'
import { given } from '../language/given.ts'
import { slicesOf } from '../language/slices.ts'
import { fitsQuery } from '../storage/job-query.ts'
import type { JobPage, JobQuery, ShardRef, Storage } from '../storage/contract.ts'
import type { JobView, Reply } from '../wire/replies.ts'
import type { ListQuery } from '../wire/requests.ts'
import { SliceSize } from './slice-size.ts'

/** Jobs of one worker that are looked at. */
const heldMax = 1_000
/** Instructions in one page: with more, the page has fewer jobs. */
const pageBytesMax = 16 * 1024 * 1024
const states = ['ready', 'scheduled', 'done', 'dead', 'cancelled', 'unsettled'] as const

export class JobReader {
  readonly #storage: Storage
  readonly #ref: ShardRef
  readonly #spec: PipelineSpec
  readonly #slice = new SliceSize()
  /** Id of the worker that has the job now. */
  readonly #holderOf: (id: string) => string | undefined
  /** Ids of the jobs that a worker has now. */
  readonly #heldBy: (worker: string) => readonly string[]

  constructor(parts: {
    storage: Storage
    ref: ShardRef
    spec: PipelineSpec
    holderOf(id: string): string | undefined
    heldBy(worker: string): readonly string[]
  }) {
    this.#storage = parts.storage
    this.#ref = parts.ref
    this.#spec = parts.spec
    this.#holderOf = parts.holderOf
    this.#heldBy = parts.heldBy
  }

  /** Throws `CT_JOB_NOT_FOUND`. */
  async get(id: string): Promise<Omit<Extract<Reply, { type: 'job' }>, 'request'>> {
    const [record] = await this.#storage.getJobs(this.#ref, [id])
    if (record === undefined) {
      throw new CarbontubeError('CT_JOB_NOT_FOUND', `no job "${id}" is kept here`, {
        hint: 'It may have been removed by retention; `carbontube jobs list` shows what is kept.',
        details: { id },
      })
    }
    const attempts = await this.#storage.listAttempts(this.#ref, id)
    return { type: 'job', job: this.#view(record), attempts, instructions: record.instructions }
  }

  async list(page: {
    query: ListQuery
    after: string
    limit: number
    withInstructions?: boolean
    withoutCount?: boolean
  }): Promise<Omit<Extract<Reply, { type: 'jobs' }>, 'request'>> {
    const query = this.#query(page.query)
    const limit = Math.max(1, Math.min(page.limit, 100))
    const { worker } = page.query
    if (worker !== undefined) return await this.#listHeld(worker, query, page)
    const { jobs, next } = await this.#page(query, { ...page, limit })
    const { count, more } = page.withoutCount
      ? { count: 0, more: false }
      : await this.#storage.countJobs(this.#ref, query)
    return { type: 'jobs', jobs, next, count, more }
  }

  /**
   * Read in slices, since all jobs of a page may be large. With instructions it has as many as a message can
   * carry. A slice that is not full ends the page: the store has looked far enough for one request.
   */
  async #page(
    query: JobQuery,
    {
      after,
      limit,
      withInstructions,
    }: { after: string; limit: number; withInstructions?: boolean },
  ): Promise<{ readonly jobs: readonly JobView[]; readonly next: string }> {
    const jobs: JobView[] = []
    let next = after
    let bytesLeft = withInstructions ? pageBytesMax : Infinity
    for (;;) {
      const size = Math.min(limit - jobs.length, this.#slice.jobs)
      const slice = await this.#read(query, { after: next, limit: size, bytesMax: bytesLeft })
      jobs.push(...slice.jobs.map((record) => this.#view(record, withInstructions)))
      next = slice.next ?? ''
      bytesLeft -= bytesOf(slice.jobs)
      const isFull = jobs.length >= limit || bytesLeft <= 0
      if (isFull || next === '' || slice.jobs.length < size) return { jobs, next }
    }
  }

  /** With more instructions than `bytesMax` it is asked for again, of the jobs that bring them there. */
  async #read(
    query: JobQuery,
    { after, limit, bytesMax }: { after: string; limit: number; bytesMax: number },
  ): Promise<JobPage> {
    const from = after === '' ? { limit } : { limit, after }
    const page = await this.#storage.listJobs(this.#ref, query, from)
    this.#slice.read(page.jobs)
    const [first = []] = slicesOf(page.jobs, (record) => bytesOf([record]), { bytesMax })
    if (first.length === page.jobs.length) return page
    return await this.#read(query, { after, limit: first.length, bytesMax })
  }

  /** What a worker has now: never more than its credit, so one page. */
  async #listHeld(
    worker: string,
    query: JobQuery,
    { limit, withInstructions }: { limit: number; withInstructions?: boolean },
  ): Promise<Omit<Extract<Reply, { type: 'jobs' }>, 'request'>> {
    const held: { sequence: number; bytes: number; view: JobView }[] = []
    await this.#readEach(this.#heldBy(worker).slice(0, heldMax), (record) => {
      const { sequence } = record
      const bytes = withInstructions ? bytesOf([record]) : 0
      if (fitsQuery(record, query)) held.push({ sequence, bytes, view: this.#view(record) })
    })
    const wanted = held
      .toSorted((a, b) => b.sequence - a.sequence)
      .slice(0, Math.max(1, Math.min(limit, 100)))
    const [page = []] = slicesOf(wanted, ({ bytes }) => bytes, { bytesMax: pageBytesMax })
    const views = page.map(({ view }) => view)
    const jobs = withInstructions ? await this.#withInstructions(views) : views
    const more = jobs.length < held.length
    return { type: 'jobs', jobs, next: '', count: held.length, more }
  }

  async #withInstructions(views: readonly JobView[]): Promise<readonly JobView[]> {
    const instructions = new Map<string, Uint8Array>()
    await this.#readEach(
      views.map(({ id }) => id),
      (record) => instructions.set(record.id, record.instructions),
    )
    return views.map((view) => ({ ...view, ...given({ instructions: instructions.get(view.id) }) }))
  }

  async #readEach(ids: readonly string[], take: (record: JobRecord) => void): Promise<void> {
    for (let at = 0; at < ids.length;) {
      const slice = ids.slice(at, at + this.#slice.jobs)
      at += slice.length
      const records = await this.#storage.getJobs(this.#ref, slice)
      this.#slice.read(records)
      for (const record of records) take(record)
    }
  }

  #query({ state, phase, error, enqueuedBeforeMs }: ListQuery): JobQuery {
    return {
      ...(state === undefined ? {} : { state: oneOf(state, 'state', states) }),
      ...(phase === undefined ? {} : { phase: this.#phaseIndex(phase) }),
      ...given({ error, enqueuedBeforeMs }),
    }
  }

  #phaseIndex(jobType: string): number {
    const names = this.#spec.phases.map((phase) => phase.jobType)
    return names.indexOf(oneOf(jobType, 'phase', names))
  }

  #view(record: JobRecord, withInstructions = false): JobView {
    const { id, state, phase, priority, attempts, enqueuedMs, dueMs } = record
    const { endedMs, deathReason, lastError, replayOf } = record
    const worker = this.#holderOf(id)
    return {
      ...{ id, state: worker === undefined ? state : 'running', phaseIndex: phase, priority },
      ...{ phase: this.#spec.phases[phase]?.jobType ?? `#${phase}`, attempts, enqueuedMs, dueMs },
      ...(endedMs === undefined ? {} : { endedMs }),
      ...(deathReason === undefined ? {} : { deathReason }),
      ...(lastError === undefined ? {} : { lastError }),
      ...(worker === undefined ? {} : { worker }),
      ...(replayOf === undefined ? {} : { replayOf }),
      ...(withInstructions ? { instructions: record.instructions } : {}),
    }
  }
}

function bytesOf(jobs: readonly JobRecord[]): number {
  return jobs.reduce((sum, { instructions }) => sum + instructions.length, 0)
}

function oneOf<W extends string>(value: string, name: string, words: readonly W[]): W {
  const found = words.find((word) => word === value)
  if (found !== undefined) return found
  const guess = closest(value, words)
  throw new CarbontubeError('CT_BAD_OPTION', `unknown ${name} "${value}"`, {
    hint: `Known: ${words.join(', ')}.${guess === undefined ? '' : ` Did you mean "${guess}"?`}`,
    details: { [name]: value },
  })
}
