/**
 * Finds the jobs that a search means: what managers can answer is asked of them, the rest is a look into one
 * job after the other, for a bounded time and number of jobs a page.
 */
import { busyWorkers, jobsOfWorkers, workersAskedMax } from '../client/running-jobs.ts'
import { closest } from '../errors/did-you-mean.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { ListQuery } from '../wire/requests.ts'
import {
  answeringOf,
  checkAllKnown,
  watchNamed,
  type AnsweringPipelines,
} from './answering-pipelines.ts'
import type { JobPage, JobRow } from './api-types.ts'
import { fits, fitsWhole } from './job-fits.ts'
import { JobMerge, type FoundJob, type MergedPipeline } from './job-merge.ts'
import type { JobSearch } from './job-search.ts'
import type { PipelineWatch } from './pipeline-watch.ts'

/** Of one page, where each job has to be looked at. */
const budget = { rows: 5_000, ms: 1_500 }

export class JobFinder {
  readonly #watches: () => readonly PipelineWatch[]
  readonly #nowMs: () => number

  constructor(watches: () => readonly PipelineWatch[], nowMs: () => number) {
    this.#watches = watches
    this.#nowMs = nowMs
  }

  /** @throws CT_UNREACHABLE, CT_UNKNOWN_PIPELINE, CT_UNKNOWN_JOB_TYPE, CT_BAD_REQUEST for a wrong cursor */
  async page(
    search: JobSearch,
    { after, limit }: { readonly after: string; readonly limit: number },
  ): Promise<JobPage> {
    const meant = this.#meant(search)
    const missing = given({ missing: meant.missing })
    const exact = after === '' ? await this.#exact(search, meant) : undefined
    if (exact !== undefined) {
      const shown = exact.slice(0, limit)
      const isMore = exact.length > limit
      return { jobs: shown.map(rowOf), count: exact.length, more: isMore, ...missing }
    }
    if (search.state === 'running') {
      return { ...(await this.#running(search, { meant, limit })), ...missing }
    }
    const merge = this.#merge(search, { ...meant, after, rowsWanted: limit })
    const endMs = this.#nowMs() + budget.ms
    const jobs: JobRow[] = []
    let searched = 0
    while (jobs.length < limit && searched < budget.rows && this.#nowMs() < endMs) {
      const found = await merge.next()
      if (found === undefined) break
      searched += 1
      if (this.#isTooOld(search, found)) merge.end(found.pipeline)
      else if (fits(found, search)) jobs.push(rowOf(found))
    }
    const next = merge.cursor()
    const needsLook =
      search.id !== undefined || search.group !== undefined || search.fields.length > 0
    const isCounted = !needsLook && search.youngerThanMs === undefined && search.state !== 'ready'
    const counted = isCounted ? merge.count : { more: next !== undefined }
    return { jobs, ...given({ next }), ...counted, ...(needsLook ? { searched } : {}), ...missing }
  }

  /**
   * All of one pipeline that the pages of the same search would list, for an operation.
   * @throws CT_TOO_LARGE beyond `jobsMax` and beyond `withinMs`
   */
  async all(
    search: JobSearch,
    {
      pipeline,
      jobsMax,
      withinMs,
    }: { readonly pipeline: string; readonly jobsMax: number; readonly withinMs: number },
  ): Promise<readonly FoundJob[]> {
    const { pipelines } = this.#meant({ ...search, pipeline })
    const exact =
      search.id === undefined ? undefined : await this.#exact(search, this.#meant(search))
    if (exact !== undefined) return exact.filter((one) => one.pipeline === pipeline)
    const merge = this.#merge(search, { pipelines, after: '', rowsWanted: 100 })
    const endMs = this.#nowMs() + withinMs
    const jobs: FoundJob[] = []
    for (;;) {
      const found = await merge.next()
      if (found === undefined) return jobs
      if (this.#isTooOld(search, found)) merge.end(found.pipeline)
      else if (fits(found, search)) jobs.push(found)
      if (jobs.length > jobsMax || this.#nowMs() > endMs) {
        throw new CarbontubeError(
          'CT_TOO_LARGE',
          `the filter means more than ${jobs.length - 1} jobs`,
          {
            hint: 'Narrow it down, and do the rest afterwards.',
          },
        )
      }
    }
  }

  #merge(
    search: JobSearch,
    {
      pipelines,
      ...page
    }: { pipelines: readonly MergedPipeline[]; after: string; rowsWanted: number },
  ): JobMerge {
    const withInstructions = search.fields.length > 0
    return new JobMerge({ pipelines, query: this.#queryOf(search), withInstructions, ...page })
  }

  /** The pipelines that can have such jobs. */
  #meant({ pipeline, phase }: JobSearch): AnsweringPipelines {
    const named = pipeline === undefined ? this.#watches() : [watchNamed(this.#watches(), pipeline)]
    if (phase === undefined) return answeringOf(named)
    if (!named.some(({ jobTypes }) => jobTypes.includes(phase))) {
      checkAllKnown(named)
      throw unknownPhase(
        phase,
        named.flatMap(({ jobTypes }) => jobTypes),
      )
    }
    // One that has never answered may have it as well.
    return answeringOf(
      named.filter(({ jobTypes, latest }) => latest === undefined || jobTypes.includes(phase)),
    )
  }

  #queryOf({ state, phase, error, worker, olderThanMs }: JobSearch): ListQuery {
    const before = olderThanMs === undefined ? undefined : Math.floor(this.#nowMs() - olderThanMs)
    return given({
      ...{ phase, error, worker, state: state === 'running' ? undefined : state },
      enqueuedBeforeMs: before === undefined ? undefined : Math.max(0, before),
    })
  }

  /**
   * An id is mostly pasted as a whole: then nothing has to be searched. Where a job has just that id, in any
   * pipeline, ids that only begin like it are not meant.
   */
  async #exact(
    search: JobSearch,
    { pipelines }: AnsweringPipelines,
  ): Promise<readonly FoundJob[] | undefined> {
    const { id } = search
    if (id === undefined) return undefined
    const answers = await Promise.all(
      pipelines.map(async ({ name, phases, client }): Promise<readonly FoundJob[]> => {
        try {
          const { job, instructions } = await client.getJob(id)
          return [{ pipeline: name, phases, job: { ...job, instructions } }]
        } catch (error) {
          if (isCarbontubeError(error) && error.code === 'CT_JOB_NOT_FOUND') return []
          throw error
        }
      }),
    )
    const found = answers.flat()
    if (found.length === 0) return undefined
    return found.filter((one) => fitsWhole(one, search, this.#nowMs()))
  }

  /** A store does not know who runs: the workers do. One page, of as many as they have. */
  async #running(
    search: JobSearch,
    { meant, limit }: { readonly meant: AnsweringPipelines; readonly limit: number },
  ): Promise<JobPage> {
    const query = this.#queryOf(search)
    const found = await Promise.all(
      meant.pipelines.map(async ({ name, phases, shards, client }) => {
        const workers =
          search.worker === undefined ? this.#busyWorkers(name, search.phase) : [search.worker]
        const jobs = await jobsOfWorkers(client, { workers, shards, query })
        return jobs.map((job) => ({ pipeline: name, phases, job }))
      }),
    )
    const all = found
      .flat()
      .filter((one) => fits(one, search) && !this.#isTooOld(search, one))
      .toSorted((a, b) => b.job.enqueuedMs - a.job.enqueuedMs)
    return { jobs: all.slice(0, limit).map(rowOf), count: all.length, more: all.length > limit }
  }

  #busyWorkers(pipeline: string, phase: string | undefined): readonly string[] {
    const { status } = watchNamed(this.#watches(), pipeline).latest ?? {}
    return busyWorkers(status?.shards ?? [], phase).slice(0, workersAskedMax)
  }

  #isTooOld({ youngerThanMs }: JobSearch, { job }: FoundJob): boolean {
    return youngerThanMs !== undefined && job.enqueuedMs < this.#nowMs() - youngerThanMs
  }
}

export function rowOf({ pipeline, phases, job }: FoundJob): JobRow {
  const { instructions: _instructions, ...row } = job
  return { pipeline, phases, ...row }
}

function unknownPhase(phase: string, known: readonly string[]): CarbontubeError {
  const near = closest(phase, known)
  const meant = near === undefined ? '' : `; did you mean "${near}"?`
  return new CarbontubeError(
    'CT_UNKNOWN_JOB_TYPE',
    `no phase "${phase.slice(0, 100)}" is there${meant}`,
    {
      hint: `Known: ${[...new Set(known)].join(', ')}.`,
    },
  )
}
