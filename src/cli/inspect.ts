/** The commands that ask a manager: `status`, `jobs list`, `jobs show`, `jobs cancel`; and `check`, which asks a file. */
import { isStart, shardsAsOne, type PipelineStatus } from '../client/all-shards.ts'
import { PipelineClient } from '../client/pipeline-client.ts'
import type { CommandOptions } from '../config/commands.ts'
import { duration } from '../config/kinds.ts'
import type { WorkerStatus } from '../core/status.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { compilePhase, compilePipeline } from '../pipeline/compile.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import type { JobsPage, Welcome } from '../wire/replies.ts'
import type { ListQuery } from '../wire/requests.ts'
import { print, say, style, table } from './command-context.ts'
import { loadPipelineFile } from './load-file.ts'
import { listRunning } from './running-jobs.ts'
import { typeCheckError, typeCheckPipelineFile } from './type-check.ts'

/** With a connection to a manager's router door. @throws CT_UNREACHABLE */
export async function withClient<T>(
  address: string,
  { timeoutMs }: { readonly timeoutMs: number },
  use: (client: PipelineClient) => Promise<T>,
): Promise<T> {
  const client = new PipelineClient(address, { timeout: timeoutMs })
  try {
    await client.connect()
    if (client.manager === undefined) {
      throw new CarbontubeError('CT_UNREACHABLE', `no manager answers at ${address}`, {
        hint: 'Give its router door, or its pull door when the router is at the next port.',
      })
    }
    return await use(client)
  } finally {
    client.close()
  }
}

export async function showStatus(
  address: string,
  options: CommandOptions<'status'>,
): Promise<number> {
  const status = await withClient(address, options, (client) => client.status())
  if (options.json) print(flatStatus(status))
  else printStatus(status)
  return 0
}

function flatStatus(status: PipelineStatus) {
  const { welcome, managers, upSinceMs, loopLagMs, rejectedMessages, shards } = status
  const figures = { upSinceMs, loopLagMs, rejectedMessages }
  if (welcome.shards === 1) return { ...welcome, ...figures, ...shards[0] }
  return { ...welcome, managers, ...figures, ...shardsAsOne(shards) }
}

function printStatus({ welcome, managers, shards }: PipelineStatus): void {
  const by = managers.map(({ manager }) => manager).join(', ')
  print(`${style('bold', welcome.pipeline)} by ${by}, ${welcome.store} (${welcome.durability})`)
  if (welcome.shards > 1) printOwners(welcome.shards, managers)
  const { paused, phases, settled, scheduled, workers } = shardsAsOne(shards)
  const pausedShards = shards.filter((shard) => shard.paused).length
  const where =
    pausedShards === shards.length ? '' : `, on ${pausedShards} of ${shards.length} shards`
  if (paused) print(`the whole pipeline is paused${where}`)
  const rows = phases.map((phase) => [
    ...[phase.jobType, phase.waiting, phase.running, phase.workers, phase.concurrency],
    [phase.workers === 0 ? 'no workers' : '', phase.paused ? 'paused' : '']
      .filter((remark) => remark !== '')
      .join(', '),
  ])
  print(table(['phase', 'waiting', 'running', 'workers', 'slots', ''], rows))
  const { done, dead, cancelled } = settled
  print(`done ${done}, dead ${dead}, cancelled ${cancelled}, scheduled ${scheduled}`)
  if (workers.length === 0) return
  const list = workers.map(({ id, running, concurrency, done: ok, failed, address, ...rest }) => {
    return [id, workerState(rest), `${running}/${concurrency}`, ok, failed, address]
  })
  print(table(['worker', 'state', 'busy', 'done', 'failed', 'address'], list))
}

function printOwners(shards: number, managers: readonly Welcome[]): void {
  const rows = managers.map(({ manager, router, owned = [] }) => {
    return [manager, owned.map(([shard]) => shard).join(' '), router]
  })
  print(table(['manager', 'shards', 'address'], rows))
  const owned = managers.reduce((sum, { owned: some = [] }) => sum + some.length, 0)
  if (owned < shards)
    print(`${shards - owned} of ${shards} shards belong to none of these managers`)
}

export function workerState({ state, stuck }: Pick<WorkerStatus, 'state' | 'stuck'>): string {
  const words = state === 'busyLoop' ? 'busy loop' : state
  return stuck === 0 ? words : `${words}, ${stuck} stuck`
}

export async function listJobs(
  address: string,
  options: CommandOptions<'jobs list'>,
): Promise<number> {
  const { state, phase, error, limit, after = '' } = options
  const page = await withClient(address, options, (client) =>
    state === 'running'
      ? listRunning(client, { phase, error, limit })
      : pageOverShards(client, given({ state, phase, error }), { limit, after }),
  )
  if (options.json) {
    for (const job of page.jobs) print(job)
    if (page.next !== '') say(JSON.stringify({ next: page.next }))
    return 0
  }
  const rows = page.jobs.map((job) => [
    ...[job.id, job.state, job.phase, job.attempts, ago(job.enqueuedMs), job.lastError ?? ''],
  ])
  print(table(['id', 'state', 'phase', 'attempts', 'age', 'last error'], rows))
  say(`${page.jobs.length} of ${page.count}${page.more ? '+' : ''}`)
  if (page.next !== '') say(`more with --after ${page.next}`)
  return 0
}

/** Jobs that fit, of as many shards as a page takes: in the first ones there may be none. */
async function pageOverShards(
  client: PipelineClient,
  query: ListQuery,
  { limit, after }: { readonly limit: number; readonly after: string },
): Promise<JobsPage> {
  const first = await client.listJobs(query, { limit, after })
  const jobs = [...first.jobs]
  let { next } = first
  while (isStart(next) && jobs.length < limit) {
    const more = { limit: limit - jobs.length, after: next, withoutCount: true }
    const page = await client.listJobs(query, more)
    jobs.push(...page.jobs)
    next = page.next
  }
  return { ...first, jobs, next }
}

export async function showJob(
  address: string,
  id: string,
  options: CommandOptions<'jobs show'>,
): Promise<number> {
  const { job, attempts, instructions } = await withClient(address, options, (client) =>
    client.getJob(id),
  )
  const decoded = decodeInstructions(instructions)
  if (options.json) {
    print({ ...job, instructions: decoded, history: attempts })
    return 0
  }
  print(
    `${style('bold', job.id)} is ${job.state} in ${job.phase}, enqueued ${ago(job.enqueuedMs)} ago`,
  )
  if (job.replayOf !== undefined) print(`it does ${job.replayOf} again`)
  print(JSON.stringify(decoded, null, 2))
  const rows = attempts.map((one) => [
    ...[one.phase, one.attempt, one.outcome, `${one.endedMs - one.startedMs} ms`, one.worker],
    one.error === undefined ? '' : `${one.error.name}: ${one.error.message}`,
  ])
  print(table(['phase', 'attempt', 'outcome', 'took', 'worker', 'error'], rows))
  return 0
}

export async function cancelJob(
  address: string,
  id: string,
  options: CommandOptions<'jobs cancel'>,
): Promise<number> {
  const outcome = await withClient(address, options, (client) => client.cancelJob(id))
  if (outcome === 'notFound')
    throw new CarbontubeError('CT_JOB_NOT_FOUND', `no job "${id}" is kept here`)
  if (options.json) print({ id, outcome })
  else say(outcome === 'cancelled' ? `${id} is cancelled` : `${id} had settled before`)
  return outcome === 'cancelled' ? 0 : 6
}

export async function checkFile(file: string, options: CommandOptions<'check'>): Promise<number> {
  const loaded = await loadPipelineFile(file)
  const types = await typeCheckPipelineFile(loaded.path)
  const misfit = typeCheckError(types)
  if (misfit !== undefined) throw misfit
  const pipelines = loaded.pipelines.map((one) => compilePipeline(one).spec)
  const phases = loaded.phases.map((one) => compilePhase(one).spec)
  if (options.json) {
    print({
      path: loaded.path,
      loader: loaded.loader,
      typesChecked: types.checked,
      pipelines,
      phases,
    })
    return 0
  }
  say(`${loaded.path} loads (${loaded.loader})`)
  say(types.checked ? 'its types fit' : `its types were not checked: ${types.reason}`)
  for (const { name, phases: chain } of pipelines) {
    print(`${style('bold', name)}: ${chain.map(({ jobType }) => jobType).join(' → ')}`)
  }
  const rows = phases.map(({ jobType, retry, timeoutMs }) => [
    jobType,
    retry.attempts,
    duration.show(timeoutMs),
  ])
  print(table(['phase', 'attempts', 'timeout'], rows))
  return 0
}

function ago(sinceMs: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - sinceMs) / 1_000))
  if (seconds < 120) return `${seconds} s`
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`
}
