/** What people ask about jobs: one with its history, or a page of a list. Reads the store; decides nothing. */
import type { JobRecord } from '../core/job.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { closest } from '../errors/did-you-mean.ts'
import type { JobQuery, ShardRef, Storage } from '../storage/contract.ts'
import type { JobView, Reply } from '../wire/replies.ts'
import type { ListQuery } from '../wire/requests.ts'

const states = ['ready', 'scheduled', 'done', 'dead', 'cancelled', 'unsettled'] as const

export class JobReader {
  readonly #storage: Storage
  readonly #ref: ShardRef
  readonly #spec: PipelineSpec
  /** Id of the worker that has the job now. */
  readonly #holderOf: (id: string) => string | undefined

  constructor(parts: {
    storage: Storage
    ref: ShardRef
    spec: PipelineSpec
    holderOf(id: string): string | undefined
  }) {
    this.#storage = parts.storage
    this.#ref = parts.ref
    this.#spec = parts.spec
    this.#holderOf = parts.holderOf
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
  }): Promise<Omit<Extract<Reply, { type: 'jobs' }>, 'request'>> {
    const query = this.#query(page.query)
    const limit = Math.max(1, Math.min(page.limit, 100))
    const from = page.after === '' ? { limit } : { limit, after: page.after }
    const { jobs, next } = await this.#storage.listJobs(this.#ref, query, from)
    const { count, more } = await this.#storage.countJobs(this.#ref, query)
    const views = jobs.map((record) => this.#view(record))
    return { type: 'jobs', jobs: views, next: next ?? '', count, more }
  }

  #query({ state, phase, error }: ListQuery): JobQuery {
    return {
      ...(state === undefined ? {} : { state: oneOf(state, 'state', states) }),
      ...(phase === undefined ? {} : { phase: this.#phaseIndex(phase) }),
      ...(error === undefined ? {} : { error }),
    }
  }

  #phaseIndex(jobType: string): number {
    const names = this.#spec.phases.map((phase) => phase.jobType)
    return names.indexOf(oneOf(jobType, 'phase', names))
  }

  #view(record: JobRecord): JobView {
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
    }
  }
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
