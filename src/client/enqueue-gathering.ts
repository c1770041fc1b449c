/**
 * Jobs that are enqueued one by one in the same turn of the loop travel in one message: a hundred callers that
 * wait for one job each cost little more than one that enqueues a hundred. Every call has its own answer.
 */
import { hasHalfCharacter } from '../core/job-id.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { slicesOf } from '../language/slices.ts'
import { bodyBytesWanted } from '../wire/body.ts'
import type { Reply } from '../wire/replies.ts'
import { requestItemsMax, type EnqueueItem } from '../wire/requests.ts'

export type EnqueuedReply = Extract<Reply, { type: 'enqueued' }>

/** Jobs of one pipeline and one of its shards. */
export interface EnqueueOrder {
  readonly pipeline: string
  readonly shard: number
  readonly jobs: readonly EnqueueItem[]
}

/** In one message; a call of more goes by itself. */
const jobsMax = 1_000
const bytesMax = 1024 * 1024

/** No manager takes a job of this size, whatever its own limit is. */
const jobBytesMax = 2 * bodyBytesWanted

/** The jobs of one call, as messages. @throws CT_TOO_LARGE, CT_INVALID_JOB for what no manager takes */
export function messagesOf(jobs: readonly EnqueueItem[]): readonly (readonly EnqueueItem[])[] {
  for (const job of jobs) checkJob(job)
  return roundsOf(jobs).flatMap((round) =>
    slicesOf(round, ({ instructions }) => instructions.length, {
      ...{ bytesMax: bodyBytesWanted, itemsMax: requestItemsMax },
    }),
  )
}

function checkJob({ id, priority, instructions }: EnqueueItem): void {
  if (hasHalfCharacter(id)) {
    throw new CarbontubeError('CT_INVALID_JOB', 'the id of a job has half a character in it', {
      hint: 'It cannot be sent as UTF-8: two such ids could become one.',
      details: { id },
    })
  }
  if (!Number.isInteger(priority)) {
    throw new CarbontubeError('CT_INVALID_JOB', `the priority of job "${id}" is ${priority}`, {
      hint: 'A priority is a whole number, -10 to 10.',
      details: { id },
    })
  }
  if (instructions.length <= jobBytesMax) return
  const message = `the instructions of job "${id}" are ${instructions.length} bytes`
  throw new CarbontubeError('CT_TOO_LARGE', message, {
    hint: 'Put large data into files or an object store, and its address into the job: 8 MiB at most.',
    details: { id, bytes: instructions.length },
  })
}

/** Answers name jobs by their ids: the second with the same one is in a later message than the first. */
function roundsOf(jobs: readonly EnqueueItem[]): readonly (readonly EnqueueItem[])[] {
  if (new Set(jobs.map(({ id }) => id)).size === jobs.length) return [jobs]
  const rounds: EnqueueItem[][] = []
  const seen = new Map<string, number>()
  for (const job of jobs) {
    const round = seen.get(job.id) ?? 0
    seen.set(job.id, round + 1)
    ;(rounds[round] ??= []).push(job)
  }
  return rounds
}

interface Call {
  readonly order: EnqueueOrder
  resolve(reply: EnqueuedReply): void
  reject(error: unknown): void
}

interface Batch {
  readonly calls: Call[]
  readonly ids: Set<string>
  bytes: number
}

export class EnqueueGathering {
  readonly #send: (order: EnqueueOrder) => Promise<EnqueuedReply>
  /** By pipeline and shard. */
  readonly #batches = new Map<string, Batch>()
  #turn: NodeJS.Immediate | undefined

  constructor(send: (order: EnqueueOrder) => Promise<EnqueuedReply>) {
    this.#send = send
  }

  /** Sends these jobs with what else is enqueued until the turn ends. */
  enqueue(order: EnqueueOrder): Promise<EnqueuedReply> {
    const { pipeline, shard, jobs } = order
    const bytes = jobs.reduce((sum, { instructions }) => sum + instructions.length, 0)
    const key = `${shard} ${pipeline}`
    const open = this.#batches.get(key)
    // Answers name jobs by their ids: two calls with the same one are two messages.
    const hasRoom =
      open !== undefined &&
      open.ids.size + jobs.length <= jobsMax &&
      open.bytes + bytes <= bytesMax &&
      !jobs.some(({ id }) => open.ids.has(id))
    if (!hasRoom) this.#end(key)
    const batch: Batch = hasRoom ? open : { calls: [], ids: new Set(), bytes: 0 }
    this.#batches.set(key, batch)
    batch.bytes += bytes
    for (const { id } of jobs) batch.ids.add(id)
    this.#turn ??= setImmediate(() => this.flush())
    return new Promise((resolve, reject) => batch.calls.push({ order, resolve, reject }))
  }

  /** Now: something that must not overtake these jobs is about to be sent. */
  flush(): void {
    clearImmediate(this.#turn)
    this.#turn = undefined
    for (const key of [...this.#batches.keys()]) this.#end(key)
  }

  #end(key: string): void {
    const batch = this.#batches.get(key)
    if (batch === undefined) return
    this.#batches.delete(key)
    const [first, ...more] = batch.calls
    if (first === undefined) return
    if (more.length === 0) return void this.#send(first.order).then(first.resolve, first.reject)
    const jobs = batch.calls.flatMap(({ order }) => order.jobs)
    this.#send({ ...first.order, jobs }).then(
      (reply) => answerEach(batch.calls, reply),
      (error: unknown) => this.#failed(batch.calls, error),
    )
  }

  /** What a manager refuses as a whole may be the fault of one: the others must not suffer for it. */
  #failed(calls: readonly Call[], error: unknown): void {
    const isOfAll = isCarbontubeError(error) && ['CT_TIMED_OUT', 'CT_STOPPED'].includes(error.code)
    for (const { order, resolve, reject } of calls) {
      if (isOfAll) reject(error)
      else this.#send(order).then(resolve, reject)
    }
  }
}

function answerEach(calls: readonly Call[], reply: EnqueuedReply): void {
  const byId = new Map(reply.items.map((item) => [item.id, item]))
  for (const { order, resolve } of calls) {
    resolve({ ...reply, items: order.jobs.flatMap(({ id }) => byId.get(id) ?? []) })
  }
}
