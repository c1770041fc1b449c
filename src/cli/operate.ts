/** The commands that change what a running pipeline does: pauses, retries, dead jobs, workers. */
import { shardsAsOne } from '../client/all-shards.ts'
import type { PipelineClient, DeadJobAnswer, Paused } from '../client/pipeline-client.ts'
import type { CommandOptions, GlobalOptions } from '../config/commands.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { ListQuery } from '../wire/requests.ts'
import { print, say, table } from './command-context.ts'
import { instructionsFrom } from './enqueue.ts'
import { listJobs, withClient, workerState } from './inspect.ts'

/** Dead jobs of one request. */
const batchSize = 100

export async function pause(address: string, options: CommandOptions<'pause'>): Promise<number> {
  const paused = await withClient(address, options, (client) => client.pause(options.phase))
  return showPaused(paused, options)
}

export async function resume(address: string, options: CommandOptions<'pause'>): Promise<number> {
  const paused = await withClient(address, options, (client) => client.resume(options.phase))
  return showPaused(paused, options)
}

function showPaused({ pipeline, phases }: Paused, options: GlobalOptions): number {
  if (options.json) print({ pipeline, phases })
  else if (pipeline) say('the whole pipeline is paused: nothing new is granted, what runs goes on')
  if (!options.json && phases.length > 0) say(`paused phases: ${phases.join(', ')}`)
  if (!options.json && !pipeline && phases.length === 0) say('nothing is paused')
  return 0
}

export async function retryJob(
  address: string,
  id: string,
  options: CommandOptions<'jobs retry'>,
): Promise<number> {
  const { fromPhase, instructions } = options
  const merged = instructions === undefined ? undefined : await instructionsFrom(instructions)
  const retry = given({ fromPhase, instructions: merged })
  const answer = await withClient(address, options, (client) => client.retryJob(id, retry))
  const { ok, job, outcome, issue } = answer
  if (options.json) print({ id: job.id, replayOf: id, ok, outcome, issue })
  else if (ok) print(job.id)
  if (ok) return 0
  const why = issue === undefined ? '' : ` (${issue})`
  throw new CarbontubeError('CT_REFUSED', `the retry of ${id} was refused: ${outcome}${why}`)
}

export function listDead(address: string, options: CommandOptions<'dead list'>): Promise<number> {
  return listJobs(address, { ...options, state: 'dead' })
}

export function redrive(
  address: string,
  ids: readonly string[],
  options: CommandOptions<'dead redrive'>,
): Promise<number> {
  const { all, phase, error } = options
  const isFiltered = phase !== undefined || error !== undefined
  if (all ? ids.length > 0 : ids.length === 0 || isFiltered) {
    const isBoth = all && ids.length > 0
    const what = `give the ids of dead jobs, or --all${isBoth ? ', not both' : ''}`
    throw new CarbontubeError('CT_USAGE', what, {
      hint: '--phase and --error narrow --all: `carbontube dead redrive ADDRESS --all --phase encode`.',
    })
  }
  return withClient(address, options, async (client) => {
    const report = new DeadReport(options, 'redriven')
    const batches = all ? deadJobs(client, options) : batchesOf(ids)
    await report.each(batches, (batch) => client.redriveJobs(batch))
    // Whoever is no longer dead when all are wanted is as wanted.
    return report.finish(all)
  })
}

export function discard(
  address: string,
  ids: readonly string[],
  options: CommandOptions<'dead discard'>,
): Promise<number> {
  return withClient(address, options, async (client) => {
    const report = new DeadReport(options, 'discarded')
    await report.each(batchesOf(ids), (batch) => client.discardJobs(batch))
    return report.finish(false)
  })
}

export async function listWorkers(
  address: string,
  options: CommandOptions<'workers list'>,
): Promise<number> {
  const { shards } = await withClient(address, options, (client) => client.status())
  const { workers } = shardsAsOne(shards)
  if (options.json) {
    for (const worker of workers) print(worker)
    return 0
  }
  const rows = workers.map(
    ({ id, jobType, running, concurrency, done, failed, address: at, ...rest }) => {
      return [id, jobType, workerState(rest), `${running}/${concurrency}`, done, failed, at]
    },
  )
  print(table(['worker', 'phase', 'state', 'busy', 'done', 'failed', 'address'], rows))
  return 0
}

export function drainWorker(
  address: string,
  id: string,
  options: CommandOptions<'workers drain'>,
): Promise<number> {
  const said = 'takes no more, finishes what runs, and ends'
  return tellWorker({ address, id, options, said }, (client) => client.drainWorker(id))
}

export function resumeWorker(
  address: string,
  id: string,
  options: CommandOptions<'workers resume'>,
): Promise<number> {
  return tellWorker({ address, id, options, said: 'takes jobs' }, (client) => {
    return client.resumeWorker(id)
  })
}

interface WorkerOrder {
  readonly address: string
  readonly id: string
  readonly options: CommandOptions<'workers drain' | 'workers resume'>
  /** Of the worker, when it has been told. */
  readonly said: string
}

async function tellWorker(
  { address, id, options, said }: WorkerOrder,
  tell: (client: PipelineClient) => Promise<string>,
): Promise<number> {
  const outcome = await withClient(address, options, tell)
  if (outcome === 'notFound') {
    throw new CarbontubeError('CT_WORKER_NOT_FOUND', `no worker "${id}" is connected`, {
      hint: '`carbontube workers list` shows who is.',
      details: { id },
    })
  }
  if (options.json) print({ id, outcome })
  else say(`${id} ${said}`)
  return 0
}

/** Ids of the dead jobs that fit, a page at a time: each once, since pages go down by arrival. */
async function* deadJobs(
  client: PipelineClient,
  { phase, error }: CommandOptions<'dead redrive'>,
): AsyncGenerator<readonly string[]> {
  const query: ListQuery = { state: 'dead', ...given({ phase, error }) }
  let after = ''
  do {
    const { jobs, next } = await client.listJobs(query, { after, limit: batchSize })
    if (jobs.length > 0) yield jobs.map(({ id }) => id)
    after = next
  } while (after !== '')
}

function* batchesOf(ids: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < ids.length; from += batchSize) yield ids.slice(from, from + batchSize)
}

/** A line a job as the answers come, a sum at the end. */
class DeadReport {
  readonly #options: GlobalOptions
  readonly #verb: 'redriven' | 'discarded'
  readonly #counts = { redriven: 0, discarded: 0, notDead: 0, notFound: 0, noPhase: 0 }

  constructor(options: GlobalOptions, verb: 'redriven' | 'discarded') {
    this.#options = options
    this.#verb = verb
  }

  /** When no answer comes, what was done before is told all the same. */
  async each(
    batches: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
    order: (batch: readonly string[]) => Promise<readonly DeadJobAnswer[]>,
  ): Promise<void> {
    try {
      for await (const batch of batches) this.#add(await order(batch))
    } catch (error) {
      this.#sum()
      throw error
    }
  }

  #add(answers: readonly DeadJobAnswer[]): void {
    for (const { id, outcome } of answers) {
      this.#counts[outcome] += 1
      print(this.#options.json ? { id, outcome } : `${id}  ${outcome}`)
    }
  }

  #sum(): void {
    const { redriven, discarded } = this.#counts
    if (!this.#options.json) say(`${redriven + discarded} ${this.#verb}`)
  }

  /** @throws CT_JOB_NOT_FOUND, CT_REFUSED when not all jobs were there and dead */
  finish(isLenient: boolean): number {
    this.#sum()
    const { notDead, notFound, noPhase } = this.#counts
    const details = this.#counts
    if (noPhase > 0) {
      throw new CarbontubeError(
        'CT_REFUSED',
        `${noPhase} of the jobs failed in a phase that is gone`,
        {
          hint: 'Start the manager with a pipeline that has it, or discard them.',
          details,
        },
      )
    }
    if (isLenient) return 0
    if (notFound > 0) {
      throw new CarbontubeError('CT_JOB_NOT_FOUND', `${notFound} of the jobs are not kept here`, {
        details,
      })
    }
    if (notDead === 0) return 0
    throw new CarbontubeError('CT_REFUSED', `${notDead} of the jobs are not dead`, { details })
  }
}
