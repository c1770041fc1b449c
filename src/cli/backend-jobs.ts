/** The jobs behind a pipeline's own backend, for an audit: page by page, beside the managers that use it. */
import { compilePipeline } from '../pipeline/compile.ts'
import type { AttemptRecord, JobRecord } from '../core/job.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { ShardRef, Storage } from '../storage/contract.ts'
import { backendOf } from './backend-of.ts'
import { loadPipelineFile, pickPipeline } from './load-file.ts'

export interface OpenBackend {
  readonly storage: Storage
  readonly shards: readonly ShardRef[]
  readonly jobTypes: readonly string[]
}

/** By its name: a store file is called otherwise. */
export const isPipelineFile = (path: string): boolean => /\.[cm]?[jt]s$/.test(path)

/** The open backend of a pipeline file; `undefined` when the path is that of something else. */
export async function openBackend(
  path: string,
  name: string | undefined,
): Promise<OpenBackend | undefined> {
  if (!isPipelineFile(path)) return undefined
  const compiled = compilePipeline(pickPipeline(await loadPipelineFile(path), name))
  const { spec } = compiled
  const storage = await backendOf(compiled)
  // Others are locked by the manager, or are in the memory of another process.
  const { capabilities, description } = storage.info()
  if (!capabilities.shared) {
    throw new CarbontubeError('CT_REFUSED', `the store of "${spec.name}" has one user at a time`, {
      hint: `Give the file of the store itself, if it is SQLite: it is ${description}.`,
      details: { store: description },
    })
  }
  await storage.open()
  const jobTypes = spec.phases.map(({ jobType }) => jobType)
  const count = await storage.shardsOf(spec.name)
  const shards = Array.from({ length: count }, (_, shard) => ({ pipeline: spec.name, shard }))
  return { storage, shards, jobTypes }
}

type WholeJob = { readonly record: JobRecord; readonly attempts: readonly AttemptRecord[] }

export async function* jobsOf({ storage, shards }: OpenBackend): AsyncGenerator<WholeJob> {
  for (const ref of shards) yield* jobsOfShard(storage, ref)
}

async function* jobsOfShard(storage: Storage, ref: ShardRef): AsyncGenerator<WholeJob> {
  let after: string | undefined
  do {
    const page = await storage.listJobs(ref, {}, { limit: 100, ...given({ after }) })
    for (const { id } of page.jobs) {
      const whole = await wholeJob(storage, ref, id)
      if (whole !== undefined) yield whole
    }
    after = page.next
  } while (after !== undefined)
}

/** Record and history are read one after the other: again, until nothing has happened between. */
async function wholeJob(storage: Storage, ref: ShardRef, id: string) {
  for (;;) {
    const [before] = await storage.getJobs(ref, [id])
    const attempts = await storage.listAttempts(ref, id)
    const [record] = await storage.getJobs(ref, [id])
    if (record === undefined) return undefined
    if (isSame(before, record)) return { record, attempts }
  }
}

function isSame(before: JobRecord | undefined, after: JobRecord): boolean {
  return (
    before?.state === after.state &&
    before.phase === after.phase &&
    before.attempts === after.attempts &&
    before.tokenMin === after.tokenMin &&
    before.applied.length === after.applied.length
  )
}
