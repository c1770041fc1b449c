/** Routes about jobs: to look for them, to look at one, to enqueue, cancel, retry and discard one. */
import type { Enqueued } from '../client/pipeline-client.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { EnqueueAnswer, EnqueueRequest, JobDetail, RetryRequest } from './api-types.ts'
import { bodyOf, numberIn, param, type Call, type Handlers } from './call.ts'
import { detailOf, jsonText } from './job-detail.ts'
import type { JobFinder } from './job-finder.ts'
import { searchOf } from './job-search.ts'
import type { LiveFeed } from './live-feed.ts'
import { badRequest, type Issue } from './problem.ts'
import type { WatchedPipelines } from './watched-pipelines.ts'

export interface JobRouteParts {
  readonly pipelines: WatchedPipelines
  readonly finder: JobFinder
  readonly live: LiveFeed
}

type Names =
  | ('listJobs' | 'enqueue' | 'job' | 'waitForJob' | 'instructions')
  | ('cancelJob' | 'retryJob' | 'discardJob')

/** As the managers have it. */
const idBytesMax = 128

export function jobRoutes(parts: JobRouteParts): Pick<Handlers, Names> {
  const { pipelines, finder } = parts
  return {
    listJobs(call) {
      const limit = numberIn(call, 'limit', { min: 1, max: 100, otherwise: 50 })
      const search = searchOf(call.query.get('q'), call.query.get('group'))
      return finder.page(search, { after: call.query.get('after') ?? '', limit })
    },
    enqueue: (call) => enqueue(parts, call),
    job: (call) => detail(parts, call),
    waitForJob: (call) => wait(parts, call),
    async instructions(call) {
      const { client } = pipelines.named(param(call, 'pipeline'))
      const { job, instructions } = await client.getJob(idIn(call))
      const name = job.id.replaceAll(/[^\w.-]/g, '_')
      return new Response(jsonText(instructions), {
        headers: {
          'content-type': 'application/json',
          'content-disposition': `attachment; filename="${name}.json"`,
        },
      })
    },
    async cancelJob(call) {
      const watch = pipelines.named(param(call, 'pipeline'))
      const outcome = await watch.client.cancelJob(idIn(call))
      if (outcome === 'notFound') throw noJob(idIn(call))
      await watch.refresh()
      return { outcome }
    },
    async retryJob(call) {
      const watch = pipelines.named(param(call, 'pipeline'))
      const { fromPhase, instructions } = bodyOf<RetryRequest>(call)
      const answer = await watch.client.retryJob(idIn(call), given({ fromPhase, instructions }))
      return enqueued(answer)
    },
    async discardJob(call) {
      const watch = pipelines.named(param(call, 'pipeline'))
      const [answer] = await watch.client.discardJobs([idIn(call)])
      if (answer?.outcome === 'notFound') throw noJob(idIn(call))
      if (answer?.outcome === 'notDead') {
        throw new CarbontubeError('CT_REFUSED', `job ${idIn(call)} is not dead`, {
          hint: 'Only dead jobs are discarded; others are cancelled.',
        })
      }
      await watch.refresh()
      return undefined
    },
  }
}

async function enqueue({ pipelines }: JobRouteParts, call: Call): Promise<EnqueueAnswer> {
  const name = param(call, 'pipeline')
  const { instructions, id, priority = 0 } = bodyOf<EnqueueRequest>(call)
  if (id !== undefined) checkId(id)
  if (!Number.isInteger(priority) || Math.abs(priority) > 10) {
    const message = `priority is ${priority}, not a whole number from -10 to 10`
    throw badRequest(message, [{ path: 'priority', message }])
  }
  const job = { name, instructions, priority, ...given({ id }) }
  return enqueued(await pipelines.named(name).client.enqueueJob(job as never))
}

/** A refusal is a problem, with what the input schema says of each field. */
function enqueued({ ok, job, outcome, code, durability, issue }: Enqueued): EnqueueAnswer {
  if (ok)
    return { id: job.id, outcome: outcome === 'duplicate' ? 'duplicate' : 'stored', durability }
  const issues = issue === undefined ? [] : issuesOf(issue)
  const why = issue === undefined ? '' : `: ${issue}`
  throw new CarbontubeError(
    code ?? 'CT_REFUSED',
    `the job was not stored, it is ${outcome}${why}`,
    {
      details: { issues },
    },
  )
}

/** `size: has to be a number; codec: …` */
function issuesOf(issue: string): readonly Issue[] {
  return issue.split('; ').map((one) => {
    const [, path = '', message = one] = /^([\w.[\]-]+): (.*)$/s.exec(one) ?? []
    return { path, message }
  })
}

async function detail({ pipelines, live }: JobRouteParts, call: Call): Promise<JobDetail> {
  const watch = pipelines.named(param(call, 'pipeline'))
  const answer = await watch.client.getJob(idIn(call))
  live.looked('job.progress')
  const { name, jobTypes } = watch
  return detailOf(answer, {
    ...{ pipeline: name, jobTypes, workers: pipelines.workersOf(name) },
    progress:
      answer.job.state === 'running' ? pipelines.progressOf(name, answer.job.id) : undefined,
  })
}

async function wait(parts: JobRouteParts, call: Call): Promise<Response> {
  const seconds = numberIn(call, 'timeout', { min: 0, max: 300, otherwise: 30 })
  const id = idIn(call)
  const { client } = parts.pipelines.named(param(call, 'pipeline'))
  const states: string[] = []
  const settled = client.waitForJobs([id], seconds * 1_000, (items) => {
    states.push(...items.map(({ state }) => state))
  })
  await Promise.race([settled, goneOf(call.signal)])
  // Nobody reads the answer.
  if (call.signal.aborted) return new Response(null)
  if (states.includes('notFound')) throw noJob(id)
  return Response.json(await detail(parts, call), {
    status: states.includes('timedOut') ? 202 : 200,
  })
}

/** Resolves when the one who asked is gone. */
function goneOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function idIn(call: Call): string {
  return checkId(param(call, 'id'))
}

function checkId(id: string): string {
  const bytes = Buffer.byteLength(id)
  if (bytes > 0 && bytes <= idBytesMax) return id
  const message = `a job id has 1 to ${idBytesMax} bytes, and this one ${bytes}`
  throw badRequest(message, [{ path: 'id', message }])
}

function noJob(id: string): CarbontubeError {
  return new CarbontubeError('CT_JOB_NOT_FOUND', `no job "${id}" is kept here`, {
    hint: 'It may have been removed by retention.',
  })
}
