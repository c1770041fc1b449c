/**
 * The client: enqueue jobs, wait for their results, ask how it goes. Typed by the pipelines it talks to;
 * `import type` of the pipeline class is enough.
 */
import type { DeadOutcome, SubmitOutcome } from '../core/effect.ts'
import { durationMs, type Duration } from '../config/duration.ts'
import { checkOptions } from '../errors/check-options.ts'
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
import { systemClock, wallMs } from '../runtime/clock.ts'
import { newJobId } from '../runtime/entropy.ts'
import type { Link, Transport } from '../transport/contract.ts'
import { zeromqTransport } from '../transport/zeromq-transport.ts'
import { decodeInstructions, encodeInstructions } from '../wire/instructions.ts'
import type {
  JobAnswer,
  JobsPage,
  JobView,
  PipelineDescription,
  Reply,
  SettledItem,
  Welcome,
} from '../wire/replies.ts'
import { encodeEnqueue, type EnqueueItem, type ListQuery, type Replay } from '../wire/requests.ts'
import { byShard, shardOf } from '../wire/shard-of.ts'
import { answersOfAll, pageOfAll, placeOf, statusOfAll } from './all-shards.ts'
import type { PipelineStatus } from './all-shards.ts'
import { Connection, type Ask } from './connection.ts'
import { messagesOf } from './enqueue-gathering.ts'
import { itemOf, type JobRequest } from './job-request.ts'
import { connectPullDoor } from './pull-door.ts'
import { codeOfRefusal } from './refusals.ts'
import { resultOf } from './result.ts'
import { waitInTurns, type WaitFor } from './waiting.ts'

/** What may be set of a client. */
export interface ClientOptions {
  /** Longest wait for a connection or an answer; default 10 s. */
  readonly timeout?: Duration
  /** @internal For tests without sockets. */
  readonly transport?: Transport
}

/** What became of a job that was enqueued. */
export interface Enqueued {
  /** Stored now, or stored before under the same id; or `sent`. */
  readonly ok: boolean
  /** Its id: yours, or the one that was made. */
  readonly job: { readonly id: string }
  /** `sent` when only a pull door was reached: nobody confirmed it. */
  readonly outcome: SubmitOutcome | 'sent'
  /** Why it was refused, as the table of errors has it: `CT_STORE_FULL`; absent when `ok`. */
  readonly code?: ErrorCode
  /** A manager has answered: with `ok`, the job is in its store. */
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
  /** Of the job. */
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

/** Which page of a list. */
export interface ListPage {
  /** The `next` of the page before; default: from the start. */
  readonly after?: string
  /** Jobs of the page, 1 … 100; default 100. Fewer come when their instructions are large. */
  readonly limit?: number
  /** Each job has its instructions, encoded. Default false. */
  readonly withInstructions?: boolean
  /** `count` is 0, and the answer comes sooner. Default false. */
  readonly withoutCount?: boolean
}

const timeoutMsDefault = 10_000
/** How long a status waits for managers that have not been heard of. */
const ownersWaitMs = 1_000
/** A manager takes ten times as many; smaller messages keep it from others for a shorter while. */
const idsPerWait = 1_000

/**
 * Enqueues jobs, waits for their results and asks how it goes. `P` is the type of the pipeline class (`import type`
 * is enough), of a tuple or an object of several: names, instructions and results then have their types.
 *
 * One client is for as long as the application runs: it finds a manager that was started again, and sends again
 * what was not answered. What rejects is a `CarbontubeError`. All that asks rejects with CT_TIMED_OUT when no
 * answer comes within `timeout`, and with CT_STOPPED when the client is closed.
 *
 * @example
 * ```ts
 * const client = new PipelineClient<typeof Reports>('tcp://127.0.0.1:5050')
 * await client.connect()
 * const { job } = await client.enqueueJob({ name: 'reports', instructions: { title: 'May' } })
 * const { path } = await client.result(job.id)
 * client.close()
 * ```
 */
export class PipelineClient<P extends Pipelines = Pipelines> {
  readonly #addresses: readonly string[]
  readonly #transport: Transport
  readonly #timeoutMs: number
  readonly #connection: Connection
  #push: Link | undefined
  #connecting: Promise<void> | undefined

  /**
   * Connects nothing yet.
   *
   * @param address `tcp://host:port`, the pull or the router door of a manager; with several managers those of
   * all that may own jobs: a list, or joined by commas
   * @param options how long to wait
   * @throws CT_BAD_OPTION for one that is not known, and when `timeout` is no duration
   */
  constructor(address: string | readonly string[], options: ClientOptions = {}) {
    checkOptions('PipelineClient', options, { timeout: 'any', transport: 'any' })
    const given = typeof address === 'string' ? addressesIn(address) : address
    if (given.length === 0) {
      throw new CarbontubeError('CT_BAD_ADDRESS', 'no address of a manager was given', {
        hint: 'Give the address of its pull or router door: tcp://127.0.0.1:5050.',
      })
    }
    this.#addresses = given.map((one) => one.trim())
    this.#transport = options.transport ?? zeromqTransport
    this.#timeoutMs =
      options.timeout === undefined ? timeoutMsDefault : durationMs(options.timeout, 'timeout')
    this.#connection = new Connection(this.#transport, this.#timeoutMs)
  }

  /** What the manager said of itself that answered first; `undefined` before `connect`, or when only a pull door answers. */
  get manager(): Welcome | undefined {
    return this.#connection.welcome
  }

  /**
   * Connects to whoever answers. Where only a pull door can be reached, jobs are sent without an acknowledgement,
   * and nothing can be asked. A client that is connected, or about to be, does not connect a second time.
   *
   * @throws CT_UNREACHABLE when nobody answers within `timeout`; CT_BAD_ADDRESS
   */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      // Once more may find more.
      if (!this.#connection.isOpen) this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connect(): Promise<void> {
    this.#closePush()
    if (await this.#connection.connect(this.#addresses, this.#timeoutMs)) return
    const [address = ''] = this.#addresses
    const push = await connectPullDoor(this.#transport, { address, timeoutMs: this.#timeoutMs })
    if (this.#connection.isClosed) push.close()
    else this.#push = push
  }

  /**
   * One job. Resolves when the manager has it in its store; a refusal is an answer (`ok: false`), not a rejection.
   * Calls of one turn of the loop share a message.
   *
   * @param job what to do
   * @throws CT_UNKNOWN_PIPELINE; CT_BAD_INSTRUCTIONS for what cannot travel; CT_TOO_LARGE; CT_INVALID_JOB for an id
   * with half a character; CT_TIMED_OUT: then nobody knows whether it was stored, and the same id again is safe
   */
  async enqueueJob<const N extends PipelineName<PipelinesIn<P>>>(
    job: JobRequest<N, PipelineInput<PipelineNamed<P, N>>>,
  ): Promise<Enqueued> {
    const [answer] = await this.enqueueJobs([job])
    if (answer === undefined)
      throw new CarbontubeError('CT_PROTOCOL', 'the manager answered nothing')
    return answer
  }

  /**
   * Many jobs of one pipeline, in as few messages as can carry them; the answers are in the order of the jobs.
   *
   * @param jobs all of the same `name`
   * @throws CT_BAD_OPTION for jobs of two pipelines; as `enqueueJob`
   */
  async enqueueJobs<const N extends PipelineName<PipelinesIn<P>>>(
    jobs: readonly JobRequest<N, PipelineInput<PipelineNamed<P, N>>>[],
  ): Promise<Enqueued[]> {
    const sentMs = wallMs()
    const items = jobs.map((job) => itemOf(job, sentMs))
    const [first] = jobs
    if (first === undefined) return []
    const other = jobs.find(({ name }) => name !== first.name)
    if (other !== undefined) {
      const message = `one call is for jobs of one pipeline, not of ${first.name} and ${other.name}`
      throw new CarbontubeError('CT_BAD_OPTION', message)
    }
    const pipeline = String(first.name)
    return this.#push === undefined
      ? this.#enqueueAcknowledged(pipeline, items)
      : this.#enqueueUnacknowledged(this.#push, pipeline, items)
  }

  /**
   * Waits for a job to settle. Resolves with the job after its last phase: its instructions, with what every phase
   * returned merged into them.
   *
   * @param id of the job
   * @param options `timeout`: how long to wait, 0 for what has settled already; default 24 hours
   * @throws CT_JOB_FAILED when it is dead, with the last error as message; CT_JOB_CANCELLED; CT_JOB_NOT_FOUND;
   * CT_TIMED_OUT: the job goes on
   */
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

  /**
   * Waits for any number of jobs. Resolves when each has settled, was not found, or the time is over. Rejects with
   * what `onSettled` throws.
   *
   * @param ids of the jobs
   * @param timeoutMs how long to wait, in milliseconds
   * @param onSettled called with some jobs as they settle; each job comes once
   */
  async waitForJobs(
    ids: readonly string[],
    timeoutMs: number,
    onSettled: (items: readonly SettledItem[]) => void,
  ): Promise<void> {
    const waits: Promise<void>[] = []
    for (const [shard, some] of byShard([...new Set(ids)], (id) => id, this.#shards)) {
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
      const endMs = systemClock.nowMs() + timeoutMs
      // A manager that is asked later, since it was away or is another one, has that much less time.
      const ask = (): Ask => {
        const leftMs = Math.max(0, endMs - systemClock.nowMs())
        return { type: 'wait', ids: [...open], timeoutMs: leftMs }
      }
      const options = { timeoutMs: timeoutMs + this.#timeoutMs, isResent: false, shard }
      this.#connection.submit(ask, { onReply, reject }, options)
    })
  }

  /**
   * A job with the history of its attempts.
   *
   * @param id of the job
   * @throws CT_JOB_NOT_FOUND, also when it is no longer kept
   */
  async getJob(id: string): Promise<JobAnswer> {
    return this.#ask({ type: 'get', id }, 'job', this.#shardOf(id))
  }

  /**
   * A page of jobs, newest first; of a pipeline with several shards one shard after the other.
   *
   * @param query which jobs; default: all
   * @param page which page
   * @throws CT_BAD_OPTION for a state, a phase or a cursor that is not known
   */
  async listJobs(query: ListQuery = {}, page: ListPage = {}): Promise<JobsPage> {
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

  /**
   * Cancels a job. A run of it is told to stop (`context.signal`), and its result is refused.
   *
   * @param id of the job
   * @returns `settled`: it had ended before
   */
  async cancelJob(id: string): Promise<'cancelled' | 'settled' | 'notFound'> {
    const reply = await this.#ask({ type: 'cancel', id }, 'cancelled', this.#shardOf(id))
    return reply.outcome as 'cancelled' | 'settled' | 'notFound'
  }

  /**
   * A new job that does a settled one again, with the instructions as they are now: `replayOf` names the old
   * one.
   *
   * @param id of the old job
   * @param options from which phase on, and what to change
   * @throws CT_JOB_NOT_FOUND; CT_UNKNOWN_JOB_TYPE; CT_REFUSED when it has not settled, or has not come so far
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
      ...{ id: options.id ?? newJobId(), priority: job.priority, sentMs: wallMs() },
      instructions: edited === undefined ? instructions : merged(),
    }
    const [answer] = await this.#enqueueAcknowledged(pipeline, [item], { of: id, phase })
    if (answer === undefined)
      throw new CarbontubeError('CT_PROTOCOL', 'the manager answered nothing')
    return answer
  }

  /**
   * Makes dead jobs ready again, at the phase in which they failed, with as many attempts as the phase allows.
   *
   * @param ids at most 1,000
   * @returns an answer for each, by shard
   * @throws CT_TOO_LARGE for more
   */
  async redriveJobs(ids: readonly string[]): Promise<readonly DeadJobAnswer[]> {
    return this.#dead('redrive', ids)
  }

  /**
   * Gives dead jobs up for good: they are no longer kept.
   *
   * @param ids at most 1,000
   * @returns an answer for each, by shard
   * @throws CT_TOO_LARGE for more
   */
  async discardJobs(ids: readonly string[]): Promise<readonly DeadJobAnswer[]> {
    return this.#dead('discard', ids)
  }

  /**
   * Nothing new is granted until `resume`, also over a restart of the manager; what runs goes on.
   *
   * @param phase job type of a phase; default: the whole pipeline
   * @returns all that is paused by then
   * @throws CT_UNKNOWN_JOB_TYPE
   */
  async pause(phase?: string): Promise<Paused> {
    return this.#pause('pause', phase)
  }

  /**
   * Takes one pause back.
   *
   * @param phase job type of a phase; default: the pause of the whole pipeline
   * @returns what is still paused
   * @throws CT_UNKNOWN_JOB_TYPE
   */
  async resume(phase?: string): Promise<Paused> {
    return this.#pause('resume', phase)
  }

  /**
   * Tells a worker to take no more, finish what runs however long that takes, and end.
   *
   * @param id of the worker, as the status shows it, or its incarnation
   */
  async drainWorker(id: string): Promise<'draining' | 'notFound'> {
    return (await this.#tellWorker('drain', id)) ? 'draining' : 'notFound'
  }

  /**
   * Takes that back while the worker still finishes what runs: it takes jobs again. One that does not drain
   * goes on as it is; one that has ended has to be started again.
   *
   * @param id of the worker, as the status shows it, or its incarnation
   */
  async resumeWorker(id: string): Promise<'resumed' | 'notFound'> {
    return (await this.#tellWorker('resumeWorker', id)) ? 'resumed' : 'notFound'
  }

  /** Each shard, since each grants to it. */
  async #tellWorker(type: 'drain' | 'resumeWorker', worker: string): Promise<boolean> {
    const replies = await answersOfAll(
      this.#shardsBut().map((shard) => this.#ask({ type, worker, shard }, 'draining', shard)),
    )
    return replies.some(({ outcome }) => outcome !== 'notFound')
  }

  /** The phases with their options, and what may be enqueued. */
  async describe(): Promise<PipelineDescription> {
    const { description } = await this.#ask({ type: 'describe' }, 'described', this.#anyShard)
    return description
  }

  /**
   * How it goes: what waits and runs in each phase, and who the workers are. Of all managers that can be asked;
   * shards that nobody owns at the moment are not in it.
   */
  async status(): Promise<PipelineStatus> {
    await this.#connection.ownersKnown(this.#shards, ownersWaitMs)
    const { oneOfEach } = this.#connection
    const asked = oneOfEach.length === 0 ? [this.#anyShard] : oneOfEach
    const replies = await Promise.all(
      asked.map((shard) => this.#ask({ type: 'status' }, 'status', shard)),
    )
    return statusOfAll(replies.map(({ status }) => status))
  }

  /** Ends the connections. What is still open rejects with CT_STOPPED. */
  close(): void {
    this.#connection.close()
    this.#connecting = undefined
    this.#closePush()
  }

  /** What is enqueued from now on is not sent there, and no longer said to be. */
  #closePush(): void {
    this.#push?.close()
    this.#push = undefined
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
