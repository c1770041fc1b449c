/** Routes about many jobs: dead ones by what they died of, and operations. */
import { CarbontubeError } from '../errors/errors.ts'
import { answeringOf } from './answering-pipelines.ts'
import type { Operation, OperationRequest } from './api-types.ts'
import { bodyOf, param, type Call, type Handlers } from './call.ts'
import { deadGroups } from './dead-groups.ts'
import type { JobFinder } from './job-finder.ts'
import { meansEverything, searchOf, type JobSearch } from './job-search.ts'
import type { Operations } from './operations.ts'
import { badRequest } from './problem.ts'
import type { WatchedPipelines } from './watched-pipelines.ts'

/** Of one operation. */
const limits = { jobsMax: 100_000, withinMs: 30_000 }

/** Jobs a second: a pause for less would be longer than a timer can be, which is none at all. */
const perSecondMin = 0.001

export interface OperationRouteParts {
  readonly pipelines: WatchedPipelines
  readonly finder: JobFinder
  readonly operations: Operations
  nowMs(): number
}

type Names = 'deadGroups' | 'startOperation' | 'operations' | 'operation' | 'abortOperation'

export function operationRoutes(parts: OperationRouteParts): Pick<Handlers, Names> {
  const { operations, pipelines } = parts
  return {
    deadGroups: () => deadGroups(answeringOf(pipelines.watches), () => parts.nowMs()),
    startOperation: (call) => start(parts, call),
    operations: () => ({ operations: operations.list() }),
    operation: (call) => operations.get(param(call, 'id')),
    abortOperation: (call) => operations.abort(param(call, 'id')),
  }
}

async function start(parts: OperationRouteParts, call: Call): Promise<Operation> {
  const { pipelines, operations } = parts
  const request = bodyOf<OperationRequest>(call)
  const watch = pipelines.named(request.pipeline)
  if (request.perSecondMax !== undefined && !(request.perSecondMax >= perSecondMin)) {
    const message = `perSecondMax is less than ${perSecondMin}`
    throw badRequest(message, [{ path: 'perSecondMax', message }])
  }
  const ids = await idsOf(parts, request)
  return operations.start({ request, ids, by: call.who.name, client: () => watch.client })
}

async function idsOf(
  { finder }: OperationRouteParts,
  { ids, filter, action, pipeline }: OperationRequest,
): Promise<readonly string[]> {
  if ((ids === undefined) === (filter === undefined)) {
    throw badRequest('an operation has either ids or a filter')
  }
  if (ids !== undefined) {
    if (ids.length === 0) throw refuseAll('the list of ids is empty')
    if (ids.length > limits.jobsMax) {
      throw new CarbontubeError('CT_TOO_LARGE', `${ids.length} ids are too many at once`, {
        hint: `Send at most ${limits.jobsMax}.`,
      })
    }
    return [...new Set(ids)]
  }
  const search = searchOf(filter?.q, filter?.group)
  if (meansEverything(search)) throw refuseAll('the filter is empty')
  if (search.pipeline !== undefined && search.pipeline !== pipeline) {
    throw badRequest(`the search is about "${search.pipeline}", the operation about "${pipeline}"`)
  }
  const found = await finder.all(meantBy(action, search), { ...limits, pipeline })
  return found.map(({ job }) => job.id)
}

/** Only dead jobs can be redriven, and only such as have not settled cancelled. */
function meantBy(action: OperationRequest['action'], search: JobSearch): JobSearch {
  if (search.state !== undefined) return search
  if (action === 'redrive' || action === 'discard') return { ...search, state: 'dead' }
  return action === 'cancel' ? { ...search, state: 'unsettled' } : search
}

function refuseAll(what: string): CarbontubeError {
  return new CarbontubeError('CT_REFUSED', `${what}: that would mean every job`, {
    hint: 'Say which: filter: { q: "state:dead phase:encode" }, or a group of dead jobs.',
  })
}
