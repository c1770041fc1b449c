/** Whether a job is what a search means, by what is known of the job alone. */
import { isPartOf } from '../language/is-part-of.ts'
import type { JobView } from '../wire/replies.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import { groupOf } from './dead-groups.ts'
import type { FoundJob } from './job-merge.ts'
import type { JobSearch, SearchState } from './job-search.ts'

const settledStates: readonly string[] = ['done', 'dead', 'cancelled']

/** What the managers were not asked for. */
export function fits(found: FoundJob, { state, id, fields, phase, group }: JobSearch): boolean {
  const { job } = found
  // A job that runs is ready in the store.
  if ((state === 'ready' || state === 'running') && job.state !== state) return false
  if (id !== undefined && !job.id.startsWith(id)) return false
  if (phase !== undefined && job.phase !== phase) return false
  if (group !== undefined && groupOf(found).key !== group) return false
  if (fields.length === 0) return true
  const instructions = job.instructions === undefined ? undefined : decoded(job.instructions)
  return fields.every(({ path, value }) => textAt(instructions, path) === value)
}

/** All of it, for a job that no list was asked for. */
export function fitsWhole(found: FoundJob, search: JobSearch, nowMs: number): boolean {
  const { state, error, worker, olderThanMs = 0, youngerThanMs = Infinity } = search
  const { job } = found
  if (state !== undefined && !isIn(job, state)) return false
  if (worker !== undefined && job.worker !== worker) return false
  if (error !== undefined && !isPartOf(job.lastError, error)) return false
  const ageMs = nowMs - job.enqueuedMs
  return ageMs >= olderThanMs && ageMs <= youngerThanMs && fits(found, search)
}

function isIn(job: JobView, state: SearchState): boolean {
  return state === 'unsettled' ? !settledStates.includes(job.state) : job.state === state
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
