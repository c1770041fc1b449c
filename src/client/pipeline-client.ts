/**
 * The client: enqueue jobs, wait for their results, ask how it goes. Typed by the pipelines it talks to;
 * `import type` of the pipeline class is enough.
 */
import type { DeadOutcome, SubmitOutcome } from '../core/effect.ts'
import { durationMs, type Duration } from '../config/duration.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { given } from '../language/given.ts'
import { slicesOf } from '../language/slices.ts'
import type {
  PipelineInput,
  PipelineName,
  PipelineNamed,
  PipelineOutput,
  Pipelines,
  PipelinesIn,
} from '../pipeline/pipeline.ts'
import { addressesIn } from '../runtime/address.ts'
import { systemClock } from '../runtime/clock.ts'
import { newJobId } from '../runtime/entropy.ts'
import type { Link, Transport } from '../transport/contract.ts'
import { zeromqTransport } from '../transport/zeromq-transport.ts'
import { decodeInstructions, encodeInstructions } from '../wire/instructions.ts'
import type { JobView, PipelineDescription, Reply, SettledItem, Welcome } from '../wire/replies.ts'
import { encodeEnqueue, type EnqueueItem, type ListQuery, type Replay } from '../wire/requests.ts'
import { byShard, shardOf } from '../wire/shard-of.ts'
import { answersOfAll, pageOfAll, placeOf, statusOfAll } from './all-shards.ts'
import type { PipelineStatus } from './all-shards.ts'
import { Connection, type Ask } from './connection.ts'
import { messagesOf } from './enqueue-gathering.ts'
import { codeOfRefusal } from './refusals.ts'
import { waitInTurns, type WaitFor } from './waiting.ts'

export interface ClientOptions {
  /** Longest wait for a connection or an answer; default 10 s. */
  readonly timeout?: Duration
  readonly transport?: Transport
}

/** A job to enqueue: the pipeline's name, its instructions, and if you like an id and a priority. */
export interface JobRequest<Name, Input> {
  readonly name: Name
  readonly instructions: Input
  /** Your own id makes a repeated enqueue safe; default: a new UUIDv7. At most 128 bytes. */
  readonly id?: string
  /** −10 … 10, higher first; default 0. */
  readonly priority?: number
}

export interface Enqueued {
  /** Stored now, or stored before under the same id. */
  readonly ok: boolean
  readonly job: { readonly id: string }
  /** `sent` when only a pull door was reached: nobody confirmed it. */
  readonly outcome: SubmitOutcome | 'sent'
  /** Why it was refused, as the table of errors has it: `CT_STORE_FULL`; absent when `ok`. */
  readonly code?: ErrorCode
  readonly acknowledged: boolean
  /** What survives: `D0` … `D3`; '' when not acknowledged. */
  readonly durability: string
  /** What the input schema says of an `invalid` job. */
  readonly issue?: string
}

/** How a job is done again. */
export interface RetryJobOptions {
  /** Job type of the phase to begin with; default: the first. */
  readonly fromPhase?: string
  /** Merged over the job's instructions, as what a phase returns is. */
  readonly instructions?: Readonly<Record<string, unknown>>
  /** The new job's id; default: a new UUIDv7. */
  readonly id?: string
}

/** What became of an order about one dead job. */
export interface DeadJobAnswer {
  readonly id: string
  /** `notDead`: it is alive or settled otherwise, perhaps because somebody else was first. */
  readonly outcome: DeadOutcome
}

/** All that is paused. */
export interface Paused {
  /** The whole pipeline is. */
  readonly pipeline: boolean
  /** Job types of the phases that are paused on their own. */
  readonly phases: readonly string[]
}

const timeoutMsDefault = 10_000
/** Something is there, and did not answer in time: a pull door takes a connection sooner than this. */
const pushWithinMs = 2_000
/** How long a status waits for managers that have not been heard of. */
const ownersWaitMs = 1_000
/** A manager takes ten times as many; smaller messages keep it from others for a shorter while. */
const idsPerWait = 1_000

export class PipelineClient<P extends Pipelines = Pipelines> {
  readonly #addresses: readonly string[]
  readonly #transport: Transport
  readonly #timeoutMs: number
  readonly #connection: Connection
  #push: Link | undefined

  /** @param address of a manager, or those of all managers that may own jobs: a list, or joined by commas */
  constructor(address: string | readonly string[], options: ClientOptions = {}) {
    const given = typeof address === 'string' ? addressesIn(address) : address
    this.#addresses = given.map((one) => one.trim())
    this.#transport = options.transport ?? zeromqTransport
    this.#timeoutMs =
      options.timeout === undefined ? timeoutMsDefault : durationMs(options.timeout, 'timeout')
    this.#connection = new Connection(this.#transport, this.#timeoutMs)
  }

  /** What a manager said of itself; `undefined` before `connect`, or when only a pull door answers. */
  get manager(): Welcome | undefined {
    return this.#connection.welcome
  }

  /** @throws CT_UNREACHABLE, CT_BAD_ADDRESS */
  async connect(): Promise<void> {
    if (await this.#connection.connect(this.#addresses, this.#timeoutMs)) return
    const [address = ''] = this.#addresses
    await new Promise<void>((resolve, reject) => {
      const error = new CarbontubeError('CT_UNREACHABLE', `${address} is no door of a manager`)
      const timer = setTimeout(() => reject(error), Math.min(this.#timeoutMs, pushWithinMs))
      const onUp = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#push = this.#transport.connectPush({ address, onUp })
    })
  }

  /**
   * One job; a refusal is an answer (`ok: false`), not a rejection. Calls of one turn of the loop share a message.
   * @throws CT_UNKNOWN_PIPELINE, CT_TIMED_OUT
   */
  async enqueueJob<const N extends PipelineName<PipelinesIn<P>>>(
    job: JobRequest<N, PipelineInput<PipelineNamed<P, N>>>,
  ): Promise<Enqueued> {
    const [answer] = await this.enqueueJobs([job])
    if (answer === undefined)
      throw new CarbontubeError('CT_PROTOCOL', 'the manager answered nothing')
    return answer
  }

  /** Many jobs of one pipeline, as few messages as can carry them, answered in their order; at most 10,000. */
  async enqueueJobs<const N extends PipelineName<PipelinesIn<P>>>(
    jobs: readonly JobRequest<N, PipelineInput<PipelineNamed<P, N>>>[],
  ): Promise<Enqueued[]> {
    const [first] = jobs
    if (first === undefined) return []
    const other = jobs.find(({ name }) => name !== first.name)
    if (other !== undefined) {
      const message = `one call is for jobs of one pipeline, not of ${first.name} and ${other.name}`
      throw new CarbontubeError('CT_BAD_OPTION', message)
    }
    const sentMs = systemClock.nowMs()
    const items = jobs.map(({ id, priority, instructions }): EnqueueItem => {
      const encoded = encodeInstructions(instructions as object)
      return { id: id ?? newJobId(), priority: priority ?? 0, sentMs, instructions: encoded }
    })
    const pipeline = String(first.name)
    return this.#push === undefined
      ? this.#enqueueAcknowledged(pipeline, items)
      : this.#enqueueUnacknowledged(this.#push, pipeline, items)
  }

  /** The merged instructions of a finished job. @throws CT_JOB_FAILED, CT_JOB_CANCELLED, CT_JOB_NOT_FOUND, CT_TIMED_OUT */
  async result<const N extends PipelineName<PipelinesIn<P>>>(
    id: string,
    options: { timeout?: Duration } = {},
  ): Promise<PipelineOutput<PipelineNamed<P, N>>> {
    const timeoutMs =
      options.timeout === undefined ? 24 * 3_600_000 : durationMs(options.timeout, 'timeout')
    const settled: SettledItem[] = []
    await this.waitForJobs([id], timeoutMs, (items) => settled.push(...items))
    return resultOf(id, settled[0]) as PipelineOutput<PipelineNamed<P, N>>
  }

  /** Calls back as jobs settle (also `notFound`, `timedOut`); resolves when all have. Any number of jobs. */
  async waitForJobs(
    ids: readonly string[],
    timeoutMs: number,
    onSettled: (items: readonly SettledItem[]) => void,
  ): Promise<void> {
    const waits: Promise<void>[] = []
    for (const [shard, some] of byShard(ids, (id) => id, this.#shards)) {
      const ask = (turn: WaitFor, onItems: typeof onSettled) =>
        this.#wait({ ...turn, shard }, onItems)
      for (const slice of slicesOf(some, () => 0, { itemsMax: idsPerWait })) {
        waits.push(waitInTurns({ ids: slice, timeoutMs }, ask, onSettled))
      }
    }
    await Promise.all(waits)
  }

  #wait(
    { ids, timeoutMs, shard }: WaitFor & { readonly shard: number },
    onSettled: (items: readonly SettledItem[]) => void,
  ): Promise<void> {
    const open = new Set(ids)
    return new Promise((resolve, reject) => {
      const onReply = (reply: Reply) => {
        if (reply.type !== 'settled') return false
        // After a reconnection the manager tells again what it told before.
        const fresh = reply.items.filter(({ id }) => open.delete(id))
        if (fresh.length > 0) onSettled(fresh)
        if (open.size > 0) return false
        resolve()
        return true
      }
      const options = { timeoutMs: timeoutMs + this.#timeoutMs, isResent: false, shard }
      this.#connection.submit({ type: 'wait', ids, timeoutMs }, { onReply, reject }, options)
    })
  }

  /** @throws CT_JOB_NOT_FOUND */
  async getJob(id: string): Promise<Omit<Extract<Reply, { type: 'job' }>, 'request' | 'type'>> {
    return this.#ask({ type: 'get', id }, 'job', this.#shardOf(id))
  }

  /**
   * Newest first; of a pipeline with several shards one shard after the other. At most 100 a page. `withoutCount`:
   * the count is 0, and the answer comes sooner.
   */
  async listJobs(
    query: ListQuery = {},
    page: {
      after?: string
      limit?: number
      withInstructions?: boolean
      withoutCount?: boolean
    } = {},
  ): Promise<Omit<Extract<Reply, { type: 'jobs' }>, 'request' | 'type'>> {
    const { limit = 100, withInstructions, withoutCount } = page
    const shards = this.#shards
    const { shard, after } = placeOf(page.after ?? '', shards)
    const ask = { type: 'list', query, ...given({ withInstructions, withoutCount }) } as const
    const counted = withoutCount === true ? [] : this.#shardsBut(shard)
    const [found, ...others] = await Promise.all([
      this.#ask({ ...ask, after, limit, shard }, 'jobs', shard),
      ...counted.map((one) => this.#ask({ ...ask, after: '', limit: 1, shard: one }, 'jobs', one)),
    ])
    return pageOfAll(found, { shard, shards, others })
  }

  async cancelJob(id: string): Promise<'cancelled' | 'settled' | 'notFound'> {
    const reply = await this.#ask({ type: 'cancel', id }, 'cancelled', this.#shardOf(id))
    return reply.outcome as 'cancelled' | 'settled' | 'notFound'
  }

  /**
   * A new job that does a settled one again, with the instructions as they are now: `replayOf` names the old
   * one. @throws CT_JOB_NOT_FOUND, CT_UNKNOWN_JOB_TYPE, CT_REFUSED when it has not settled, or not come so far
   */
  async retryJob(id: string, options: RetryJobOptions = {}): Promise<Enqueued> {
    const { job, instructions } = await this.getJob(id)
    const { pipeline = '', jobTypes = [] } = this.manager ?? {}
    const { fromPhase: phase = jobTypes[0] ?? '', instructions: edited } = options
    checkRetry(job, {
      isLater: jobTypes.indexOf(phase) > job.phaseIndex,
      isEdited: edited !== undefined,
    })
    const merged = () => encodeInstructions({ ...decodeInstructions(instructions), ...edited })
    const item: EnqueueItem = {
      ...{ id: options.id ?? newJobId(), priority: job.priority, sentMs: systemClock.nowMs() },
      instructions: edited === undefined ? instructions : merged(),
    }
    const [answer] = await this.#enqueueAcknowledged(pipeline, [item], { of: id, phase })
    if (answer === undefined)
      throw new CarbontubeError('CT_PROTOCOL', 'the manager answered nothing')
    return answer
  }

  /** Dead jobs, ready again at the phase in which they failed; at most 1,000 at once. */
  async redriveJobs(ids: readonly string[]): Promise<readonly DeadJobAnswer[]> {
    return this.#dead('redrive', ids)
  }

  /** Gives dead jobs up for good; at most 1,000 at once. */
  async discardJobs(ids: readonly string[]): Promise<readonly DeadJobAnswer[]> {
    return this.#dead('discard', ids)
  }

  /** Nothing new is granted, of one phase or of the whole pipeline, until `resume`. @throws CT_UNKNOWN_JOB_TYPE */
  async pause(phase?: string): Promise<Paused> {
    return this.#pause('pause', phase)
  }

  /** Takes one pause back; the others stay, and are in the answer. @throws CT_UNKNOWN_JOB_TYPE */
  async resume(phase?: string): Promise<Paused> {
    return this.#pause('resume', phase)
  }

  /** A worker, by its id, is to take no more, finish what runs, and end. */
  async drainWorker(id: string): Promise<'draining' | 'notFound'> {
    const ask = { type: 'drain', worker: id } as const
    const replies = await answersOfAll(
      this.#shardsBut().map((shard) => this.#ask({ ...ask, shard }, 'draining', shard)),
    )
    return replies.some(({ outcome }) => outcome === 'draining') ? 'draining' : 'notFound'
  }

  /** The phases, and what may be enqueued. */
  async describe(): Promise<PipelineDescription> {
    const { description } = await this.#ask({ type: 'describe' }, 'described', this.#anyShard)
    return description
  }

  /** Of all managers that can be asked; shards that nobody owns at the moment are not in it. */
  async status(): Promise<PipelineStatus> {
    await this.#connection.ownersKnown(this.#shards, ownersWaitMs)
    const { oneOfEach } = this.#connection
    const asked = oneOfEach.length === 0 ? [this.#anyShard] : oneOfEach
    const replies = await Promise.all(
      asked.map((shard) => this.#ask({ type: 'status' }, 'status', shard)),
    )
    return statusOfAll(replies.map(({ status }) => status))
  }

  close(): void {
    this.#connection.close()
    this.#push?.close()
  }

  async #pause(type: 'pause' | 'resume', phase: string | undefined): Promise<Paused> {
    const ask = { type, ...given({ phase }) }
    const replies = await answersOfAll(
      this.#shardsBut().map((shard) => this.#ask({ ...ask, shard }, 'paused', shard)),
    )
    const paused = new Set(replies.flatMap(({ phases }) => phases))
    return { pipeline: replies.some(({ pipeline }) => pipeline), phases: [...paused] }
  }

  async #dead(
    type: 'redrive' | 'discard',
    ids: readonly string[],
  ): Promise<readonly DeadJobAnswer[]> {
    if (ids.length === 0) return []
    const groups = [...byShard(ids, (id) => id, this.#shards)]
    const replies = await answersOfAll(
      groups.map(([shard, some]) => this.#ask({ type, ids: some }, 'dead', shard)),
    )
    return replies.flatMap(({ items }) => items)
  }

  #ask<T extends Reply['type']>(
    ask: Ask,
    wanted: T,
    shard: number,
  ): Promise<Extract<Reply, { type: T }>> {
    return this.#connection.ask(ask, wanted, { timeoutMs: this.#timeoutMs, shard })
  }

  /** Of the pipeline; 1 before `connect`. */
  get #shards(): number {
    return this.#connection.welcome?.shards ?? 1
  }

  /** One whose owner can be asked, if there is any. */
  get #anyShard(): number {
    return this.#connection.oneOfEach[0] ?? 0
  }

  #shardsBut(one?: number): readonly number[] {
    return Array.from({ length: this.#shards }, (_, shard) => shard).filter(
      (shard) => shard !== one,
    )
  }

  #shardOf(id: string): number {
    return shardOf(id, this.#shards)
  }

  async #enqueueAcknowledged(
    pipeline: string,
    items: readonly EnqueueItem[],
    replay?: Replay,
  ): Promise<Enqueued[]> {
    const answers = new Map<EnqueueItem, Enqueued>()
    const groups = [...byShard(items, ({ id }) => id, this.#shards)].flatMap(([shard, some]) =>
      messagesOf(some).map((jobs) => ({ shard, jobs })),
    )
    await Promise.all(
      groups.map(({ shard, jobs }) =>
        this.#enqueueInto(shard, { pipeline, jobs, ...given({ replay }) }, answers),
      ),
    )
    return items.flatMap((item) => answers.get(item) ?? [])
  }

  /** Those that a busy manager turns away come again until the time is over. */
  async #enqueueInto(
    shard: number,
    { jobs, pipeline, replay }: { pipeline: string; jobs: readonly EnqueueItem[]; replay?: Replay },
    answers: Map<EnqueueItem, Enqueued>,
  ): Promise<void> {
    const deadlineMs = systemClock.nowMs() + this.#timeoutMs
    const alone = (some: readonly EnqueueItem[]) => {
      const ask = { type: 'enqueue', pipeline, jobs: some, ...given({ replay }) } as const
      const timeoutMs = Math.max(1, deadlineMs - systemClock.nowMs())
      return this.#connection.ask(ask, 'enqueued', { timeoutMs, shard })
    }
    const byId = new Map(jobs.map((item) => [item.id, item]))
    let open = jobs
    while (open.length > 0) {
      const isPlain = open === jobs && replay === undefined
      const reply = await (isPlain
        ? this.#connection.enqueue({ shard, pipeline, jobs })
        : alone(open))
      const { durability, issues } = reply
      for (const { id, outcome } of reply.items) {
        const ok = outcome === 'stored' || outcome === 'duplicate'
        const more = given({ code: codeOfRefusal(outcome), issue: issues?.[id] })
        const item = byId.get(id)
        if (item === undefined) continue
        answers.set(item, { ok, job: { id }, outcome, acknowledged: true, durability, ...more })
      }
      open = open.filter((item) => answers.get(item)?.outcome === 'busy')
      if (open.length === 0 || systemClock.nowMs() + reply.retryAfterMs >= deadlineMs) return
      await new Promise((resolve) => setTimeout(resolve, reply.retryAfterMs))
    }
  }

  #enqueueUnacknowledged(push: Link, pipeline: string, items: EnqueueItem[]): Enqueued[] {
    for (const jobs of messagesOf(items)) push.send(encodeEnqueue({ pipeline }, jobs))
    return items.map(({ id }) => ({
      ...{ ok: true, job: { id }, outcome: 'sent', acknowledged: false, durability: '' },
    }))
  }
}

function checkRetry(
  { id, state, phase }: JobView,
  { isLater, isEdited }: { isLater: boolean; isEdited: boolean },
): void {
  if (state === 'ready' || state === 'running' || state === 'scheduled') {
    throw new CarbontubeError('CT_REFUSED', `job ${id} is ${state}: it has not settled yet`, {
      hint: 'Wait for it, or cancel it first.',
      details: { id, state },
    })
  }
  if (!isLater || isEdited) return
  throw new CarbontubeError('CT_REFUSED', `job ${id} has only come as far as "${phase}"`, {
    hint: 'Begin there or before, or give the instructions that the phases between would have made.',
    details: { id, phase },
  })
}

function resultOf(id: string, item: SettledItem | undefined): Record<string, unknown> {
  if (item?.state === 'done' && item.instructions !== undefined) {
    return decodeInstructions(item.instructions)
  }
  const codes: Record<string, ErrorCode> = {
    dead: 'CT_JOB_FAILED',
    cancelled: 'CT_JOB_CANCELLED',
    notFound: 'CT_JOB_NOT_FOUND',
  }
  const state = item?.state ?? 'timedOut'
  const reason = item?.error?.message ?? `job ${id} is ${state}`
  throw new CarbontubeError(codes[state] ?? 'CT_TIMED_OUT', reason, { details: { id, state } })
}
