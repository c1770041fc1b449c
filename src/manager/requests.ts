/**
 * What clients ask of one shard: what can be read is answered, what changes jobs is handed to the core.
 * Limits are answers, never silence.
 */
import type { Effect, SubmitOutcome } from '../core/effect.ts'
import type { Event, SubmittedJob } from '../core/event.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { closest } from '../errors/did-you-mean.ts'
import { given } from '../language/given.ts'
import { wallMs } from '../runtime/clock.ts'
import type { Reply } from '../wire/replies.ts'
import { requestItemsMax, submittedJob, type EnqueueItem, type Request } from '../wire/requests.ts'
import { issuesIn, type InputChecks, type Refused } from './input-checks.ts'
import type { JobReader } from './job-reader.ts'
import { OpenRequests } from './open-requests.ts'
import type { OperatorRequests } from './operator-requests.ts'
import { phasesNamed } from './phase-names.ts'
import type { Waiters } from './waiters.ts'

/** A request that is about the jobs of a shard. */
export type ShardRequest = Exclude<Request, { type: 'hello' | 'describe' | 'status' }>

/** Who asked, and the number of the request. */
export interface Asked {
  readonly peer: string
  readonly request: number
}

type Answer = Extract<Effect, { type: 'AnswerClient' | 'AnswerCancel' }>

export interface RequestsParts {
  readonly spec: PipelineSpec
  readonly busyRetryAfterMs: number
  readonly reader: JobReader
  readonly waiters: Waiters
  readonly operators: OperatorRequests
  readonly inputChecks: InputChecks
  /** What a stored job survives, as the store declares it. */
  durability(): string
  nowMs(): number
  handle(event: Event): void
  reply(peer: string, reply: Reply): void
  onRejected(error: unknown): void
}

const waitMsMax = 24 * 3_600_000

export class Requests {
  readonly #parts: RequestsParts
  readonly #open = new OpenRequests<{
    peer: string
    request: number
    refused?: readonly Refused[]
  }>()

  constructor(parts: RequestsParts) {
    this.#parts = parts
  }

  /** The core's word on an enqueue or a cancel. */
  answered(effect: Answer): void {
    const open = this.#open.take(effect.request)
    if (open === undefined) return this.#unasked(effect)
    const { peer, request, refused = [] } = open
    if (effect.type === 'AnswerCancel') {
      this.#parts.reply(peer, { type: 'cancelled', request, outcome: effect.outcome })
      return
    }
    const durability = this.#parts.durability()
    const retryAfterMs = this.#parts.busyRetryAfterMs
    const items = [...effect.items, ...refused.map(({ id, outcome }) => ({ id, outcome }))]
    const issues = issuesIn(refused)
    const more = issues === undefined ? {} : { issues }
    this.#parts.reply(peer, { type: 'enqueued', request, durability, retryAfterMs, items, ...more })
  }

  /** Nobody waits for this answer; jobs that were dropped are counted all the same. */
  #unasked(effect: Answer): void {
    if (effect.type !== 'AnswerClient') return
    const isKept = (outcome: string) => outcome === 'stored' || outcome === 'duplicate'
    this.#dropped(effect.items.filter(({ outcome }) => !isKept(outcome)))
  }

  #dropped(pushed: readonly { readonly outcome: SubmitOutcome; readonly issue?: string }[]): void {
    const [first] = pushed
    if (first === undefined) return
    const why = first.issue === undefined ? first.outcome : `${first.outcome}: ${first.issue}`
    const what = `${pushed.length} pushed jobs were dropped: ${why}`
    this.#parts.onRejected(new CarbontubeError('CT_REFUSED', what))
  }

  /** Those that nobody here will answer any more: each with its peer and its number. */
  abandon(): readonly Asked[] {
    return [
      ...this.#open.takeAll(),
      ...this.#parts.operators.abandon(),
      ...this.#parts.waiters.abandon(),
    ]
  }

  /** A job from a plain PUSH client: the same way, but nobody waits for an answer. */
  async submitUnacknowledged(pipeline: string, jobs: readonly EnqueueItem[]): Promise<void> {
    this.#checkPipeline(pipeline)
    const { valid, refused } = await this.#parts.inputChecks.check(jobs)
    this.#dropped(refused)
    const lagMs = this.#lagMs()
    const submitted = valid.map((job) => submittedJob(job, job.id, { lagMs }))
    this.#parts.handle({
      type: 'JobsSubmitted',
      nowMs: this.#parts.nowMs(),
      request: '',
      jobs: submitted,
    })
  }

  /** Rejects with what is wrong with the request. */
  async answer(peer: string, decoded: ShardRequest): Promise<void> {
    const { request } = decoded
    switch (decoded.type) {
      case 'enqueue':
        return this.#enqueue(peer, decoded)
      case 'get':
        return this.#parts.reply(peer, { request, ...(await this.#parts.reader.get(decoded.id)) })
      case 'list':
        return this.#parts.reply(peer, { request, ...(await this.#parts.reader.list(decoded)) })
      case 'wait': {
        this.#checkItems(decoded.ids.length)
        const timeoutMs = Math.min(decoded.timeoutMs, waitMsMax)
        return this.#parts.waiters.wait(peer, request, { ids: decoded.ids, timeoutMs })
      }
      case 'cancel': {
        const key = this.#open.add({ peer, request })
        const nowMs = this.#parts.nowMs()
        return this.#parts.handle({ type: 'CancelRequested', nowMs, request: key, id: decoded.id })
      }
      case 'pause':
      case 'resume':
      case 'redrive':
      case 'discard':
      case 'drain':
      case 'resumeWorker':
        return this.#parts.operators.receive(peer, decoded)
    }
  }

  async #enqueue(peer: string, decoded: Extract<Request, { type: 'enqueue' }>): Promise<void> {
    this.#checkPipeline(decoded.pipeline)
    this.#checkItems(decoded.jobs.length)
    const replay = this.#replay(decoded)
    // The schema is about what is enqueued, not about what phases have made of it.
    const { valid, refused } =
      (replay?.phase ?? 0) > 0
        ? { valid: decoded.jobs, refused: [] }
        : await this.#parts.inputChecks.check(decoded.jobs)
    const lagMs = this.#lagMs()
    const more = { lagMs, ...given({ replay }) }
    const jobs = valid.map((job) => submittedJob(job, job.id, more))
    const key = this.#open.add({ peer, request: decoded.request, refused })
    this.#parts.handle({ type: 'JobsSubmitted', nowMs: this.#parts.nowMs(), request: key, jobs })
  }

  /**
   * How far the time of this manager, which goes on from its start, is behind the clock of its machine, which may
   * have been set or have slept since. Clients say by their clocks when they sent a job first.
   */
  #lagMs(): number {
    return wallMs() - this.#parts.nowMs()
  }

  #replay({ replay }: Extract<Request, { type: 'enqueue' }>): SubmittedJob['replay'] {
    if (replay === undefined) return undefined
    const [phase = 0] = phasesNamed(this.#parts.spec, replay.phase)
    return { of: replay.of, phase }
  }

  #checkPipeline(name: string): void {
    const pipeline = this.#parts.spec.name
    if (name === pipeline) return
    const guess = closest(name, [pipeline])
    throw new CarbontubeError('CT_UNKNOWN_PIPELINE', `there is no pipeline "${name}" here`, {
      hint: `This manager runs "${pipeline}"${guess === undefined ? '.' : '; did you mean that?'}`,
      details: { pipeline: name, known: [pipeline] },
    })
  }

  #checkItems(count: number): void {
    if (count <= requestItemsMax) return
    throw new CarbontubeError(
      'CT_TOO_LARGE',
      `${count} items in one request, ${requestItemsMax} at most`,
      {
        hint: 'Split it into several requests.',
      },
    )
  }
}
