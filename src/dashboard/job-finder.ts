/**
 * Finds the jobs that a search means: what managers can answer is asked of them, the rest is a look into one
 * job after the other, for a bounded time and number of jobs a page.
 */
import { closest } from '../errors/did-you-mean.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { JobView } from '../wire/replies.ts'
import type { ListQuery } from '../wire/requests.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import type { JobPage, JobRow } from './api-types.ts'
import { JobMerge, type FoundJob, type MergedPipeline } from './job-merge.ts'
import type { JobSearch } from './job-search.ts'
import type { PipelineWatch } from './pipeline-watch.ts'

/** Of one page, where each job has to be looked at. */
const budget = { rows: 5_000, ms: 1_500 }
/** Workers that are asked for what they run. */
const workersAskedMax = 200

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
    const exact = after === '' ? await this.#exact(search) : undefined
    if (exact !== undefined) return { jobs: [rowOf(exact)], count: 1, more: false }
    if (search.state === 'running') return this.#running(search, limit)
    const merge = this.#merge(search, { after, rowsWanted: limit })
    const endMs = this.#nowMs() + budget.ms
    const jobs: JobRow[] = []
    let searched = 0
    while (jobs.length < limit && searched < budget.rows && this.#nowMs() < endMs) {
      const found = await merge.next()
      if (found === undefined) break
      searched += 1
      if (this.#isTooOld(search, found)) merge.end(found.pipeline)
      else if (fits(found.job, search)) jobs.push(rowOf(found))
    }
    const next = merge.cursor()
    const needsLook = search.id !== undefined || search.fields.length > 0
    const isCounted = !needsLook && search.youngerThanMs === undefined && search.state !== 'ready'
    const counted = isCounted ? merge.count : { more: next !== undefined }
    return { jobs, ...given({ next }), ...counted, ...(needsLook ? { searched } : {}) }
  }

  /**
   * All of them, for an operation.
   * @throws CT_TOO_LARGE beyond `jobsMax`, CT_TIMED_OUT beyond `withinMs`
   */
  async all(
    search: JobSearch,
    { jobsMax, withinMs }: { readonly jobsMax: number; readonly withinMs: number },
  ): Promise<readonly FoundJob[]> {
    const merge = this.#merge(search, { after: '', rowsWanted: 100 })
    const endMs = this.#nowMs() + withinMs
    const jobs: FoundJob[] = []
    for (;;) {
      const found = await merge.next()
      if (found === undefined) return jobs
      if (this.#isTooOld(search, found)) merge.end(found.pipeline)
      else if (fits(found.job, search)) jobs.push(found)
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

  #merge(search: JobSearch, page: { after: string; rowsWanted: number }): JobMerge {
    const withInstructions = search.fields.length > 0
    return new JobMerge({
      ...{ pipelines: this.#meant(search), query: this.#queryOf(search), withInstructions },
      ...page,
    })
  }

  /** The pipelines that can have such jobs. */
  #meant({ pipeline, phase }: JobSearch): readonly MergedPipeline[] {
    const named = pipeline === undefined ? this.#watches() : [watchNamed(this.#watches(), pipeline)]
    const meant =
      phase === undefined ? named : named.filter(({ jobTypes }) => jobTypes.includes(phase))
    if (meant.length === 0 && phase !== undefined) {
      // Nothing is known of a pipeline that has never answered.
      for (const { client } of named) void client
      throw unknownPhase(
        phase,
        named.flatMap(({ jobTypes }) => jobTypes),
      )
    }
    return meant.map((watch) => ({
      name: watch.name,
      phases: watch.jobTypes.length,
      shards: watch.latest?.status.welcome.shards ?? 1,
      client: watch.client,
    }))
  }

  #queryOf({ state, phase, error, worker, olderThanMs }: JobSearch): ListQuery {
    const before = olderThanMs === undefined ? undefined : Math.floor(this.#nowMs() - olderThanMs)
    return given({
      ...{ phase, error, worker, state: state === 'running' ? undefined : state },
      enqueuedBeforeMs: before === undefined ? undefined : Math.max(0, before),
    })
  }

  /** An id is mostly pasted as a whole: then nothing has to be searched. */
  async #exact(search: JobSearch): Promise<FoundJob | undefined> {
    const { id, pipeline: _pipeline, fields, ...others } = search
    if (id === undefined || fields.length > 0 || Object.keys(others).length > 0) return undefined
    for (const { name, phases, client } of this.#meant(search)) {
      try {
        const { job } = await client.getJob(id)
        return { pipeline: name, phases, job }
      } catch (error) {
        if (!isCarbontubeError(error) || error.code !== 'CT_JOB_NOT_FOUND') throw error
      }
    }
    return undefined
  }

  /** A store does not know who runs: the workers do. One page, of as many as they have. */
  async #running(search: JobSearch, limit: number): Promise<JobPage> {
    const query = this.#queryOf(search)
    const found = await Promise.all(
      this.#meant(search).map(async ({ name, phases, shards, client }) => {
        const ids =
          search.worker === undefined ? this.#busyWorkers(name, search.phase) : [search.worker]
        const lists = ids.flatMap((worker) =>
          Array.from({ length: shards }, (_, shard) =>
            client.listJobs({ ...query, worker }, { after: shards === 1 ? '' : `${shard}:` }),
          ),
        )
        const pages = await Promise.all(lists)
        const jobs = new Map(
          pages.flatMap((page) => page.jobs.map((job) => [job.id, job] as const)),
        )
        return [...jobs.values()].map((job) => ({ pipeline: name, phases, job }))
      }),
    )
    const all = found
      .flat()
      .filter((one) => fits(one.job, search) && !this.#isTooOld(search, one))
      .toSorted((a, b) => b.job.enqueuedMs - a.job.enqueuedMs)
    return { jobs: all.slice(0, limit).map(rowOf), count: all.length, more: all.length > limit }
  }

  #busyWorkers(pipeline: string, phase: string | undefined): readonly string[] {
    const { status } = watchNamed(this.#watches(), pipeline).latest ?? {}
    const workers = status?.shards.flatMap((shard) => shard.workers) ?? []
    const busy = workers.filter(
      ({ running, jobType }) => running > 0 && (phase === undefined || jobType === phase),
    )
    return [...new Set(busy.map(({ id }) => id))].slice(0, workersAskedMax)
  }

  #isTooOld({ youngerThanMs }: JobSearch, { job }: FoundJob): boolean {
    return youngerThanMs !== undefined && job.enqueuedMs < this.#nowMs() - youngerThanMs
  }
}

/** @throws CT_UNKNOWN_PIPELINE */
export function watchNamed(watches: readonly PipelineWatch[], name: string): PipelineWatch {
  const watch = watches.find((one) => one.name === name)
  if (watch !== undefined) return watch
  const known = watches.map((one) => one.name)
  const near = closest(name, known)
  const meant = near === undefined ? '' : `; did you mean "${near}"?`
  throw new CarbontubeError(
    'CT_UNKNOWN_PIPELINE',
    `no pipeline "${name.slice(0, 100)}" is shown here${meant}`,
    {
      hint: known.length === 0 ? 'None is.' : `Known: ${known.join(', ')}.`,
    },
  )
}

export function rowOf({ pipeline, phases, job }: FoundJob): JobRow {
  const { instructions: _instructions, ...row } = job
  return { pipeline, phases, ...row }
}

/** What the managers were not asked for. */
function fits(job: JobView, { state, id, fields, phase }: JobSearch): boolean {
  // A job that runs is ready in the store.
  if ((state === 'ready' || state === 'running') && job.state !== state) return false
  if (id !== undefined && !job.id.startsWith(id)) return false
  if (phase !== undefined && job.phase !== phase) return false
  if (fields.length === 0) return true
  const instructions = job.instructions === undefined ? undefined : decoded(job.instructions)
  return fields.every(({ path, value }) => textAt(instructions, path) === value)
}

/** What a stranger has enqueued may not be readable: it has no fields then. */
function decoded(bytes: Uint8Array): unknown {
  try {
    return decodeInstructions(bytes)
  } catch {
    return undefined
  }
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  let at = value
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = Reflect.get(at, name)
  }
  return typeof at === 'object' && at !== null ? undefined : String(at)
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
