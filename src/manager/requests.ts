/**
 * The router door: decodes what clients ask, answers what can be read, and hands what changes jobs to
 * the core. Limits are answers, never silence.
 */
import type { Effect } from '../core/effect.ts'
import type { Event, SubmittedJob } from '../core/event.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { closest } from '../errors/did-you-mean.ts'
import { newJobId } from '../runtime/entropy.ts'
import type { Frames } from '../transport/contract.ts'
import { unpackHeader } from '../wire/header.ts'
import type { ManagerStatus, Reply, Welcome } from '../wire/replies.ts'
import { decodeRequest, submittedJob, type EnqueueItem, type Request } from '../wire/requests.ts'
import { WireError } from '../wire/wire-error.ts'
import type { JobReader } from './job-reader.ts'
import { OpenRequests } from './open-requests.ts'
import type { OperatorRequests } from './operator-requests.ts'
import { phasesNamed } from './phase-names.ts'
import type { Waiters } from './waiters.ts'

type Answer = Extract<Effect, { type: 'AnswerClient' | 'AnswerCancel' }>

/** Checks instructions against the pipeline's input schema; a text says what is wrong. */
export type InputCheck = (instructions: Uint8Array) => Promise<string | undefined>

export interface RequestsParts {
  readonly spec: PipelineSpec
  readonly busyRetryAfterMs: number
  readonly reader: JobReader
  readonly waiters: Waiters
  readonly operators: OperatorRequests
  readonly checkInput: InputCheck | undefined
  nowMs(): number
  welcome(): Welcome
  status(): Promise<ManagerStatus>
  handle(event: Event): void
  reply(peer: string, reply: Reply): void
  onRejected(error: unknown): void
}

/** Jobs in one `enqueue` or `wait` request. */
const itemsMax = 10_000
const waitMsMax = 24 * 3_600_000

export class Requests {
  readonly #parts: RequestsParts
  readonly #open = new OpenRequests<{
    peer: string
    request: number
    issues?: Record<string, string> | undefined
  }>()

  constructor(parts: RequestsParts) {
    this.#parts = parts
  }

  /** Never throws: what a peer sent is the peer's fault. */
  receive(peer: string, frames: Frames): void {
    let request = 0
    try {
      const header = unpackHeader(frames[0])
      if (typeof header['request'] === 'number') request = header['request']
      const decoded = decodeRequest(header, frames)
      void this.#answer(peer, decoded).catch((error: unknown) => this.#refuse(peer, request, error))
    } catch (error) {
      this.#refuse(peer, request, error)
    }
  }

  /** The core's word on an enqueue or a cancel. */
  answered(effect: Answer): void {
    const open = this.#open.take(effect.request)
    if (open === undefined) return this.#unasked(effect)
    const { peer, request, issues } = open
    if (effect.type === 'AnswerCancel') {
      this.#parts.reply(peer, { type: 'cancelled', request, outcome: effect.outcome })
      return
    }
    const { durability } = this.#parts.welcome()
    const retryAfterMs = this.#parts.busyRetryAfterMs
    const refused = Object.keys(issues ?? {}).map((id) => ({ id, outcome: 'invalid' as const }))
    const items = [...effect.items, ...refused]
    const more = issues === undefined ? {} : { issues }
    this.#parts.reply(peer, { type: 'enqueued', request, durability, retryAfterMs, items, ...more })
  }

  /** Nobody waits for this answer; jobs that were dropped are counted all the same. */
  #unasked(effect: Answer): void {
    if (effect.type !== 'AnswerClient') return
    const isKept = (outcome: string) => outcome === 'stored' || outcome === 'duplicate'
    const dropped = effect.items.filter(({ outcome }) => !isKept(outcome))
    const [first] = dropped
    if (first === undefined) return
    const what = `${dropped.length} pushed jobs were dropped: ${first.outcome}`
    this.#parts.onRejected(new CarbontubeError('CT_REFUSED', what))
  }

  /** A job from a plain PUSH client: the same way, but nobody waits for an answer. */
  async submitUnacknowledged(pipeline: string, jobs: readonly EnqueueItem[]): Promise<void> {
    this.#checkPipeline(pipeline)
    const { valid } = await this.#validate(jobs)
    const submitted = valid.map((job) => submittedJob(job, job.id === '' ? newJobId() : job.id))
    this.#parts.handle({
      type: 'JobsSubmitted',
      nowMs: this.#parts.nowMs(),
      request: '',
      jobs: submitted,
    })
  }

  async #answer(peer: string, decoded: Request): Promise<void> {
    const { request } = decoded
    switch (decoded.type) {
      case 'hello':
        return this.#parts.reply(peer, { type: 'welcome', request, welcome: this.#parts.welcome() })
      case 'status':
        return this.#status(peer, request)
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
        return this.#parts.operators.receive(peer, decoded)
    }
  }

  async #status(peer: string, request: number): Promise<void> {
    const status = await this.#parts.status()
    this.#parts.reply(peer, { type: 'status', request, status })
  }

  async #enqueue(peer: string, decoded: Extract<Request, { type: 'enqueue' }>): Promise<void> {
    this.#checkPipeline(decoded.pipeline)
    this.#checkItems(decoded.jobs.length)
    const replay = this.#replay(decoded)
    // The schema is about what is enqueued, not about what phases have made of it.
    const isUnchecked = this.#parts.checkInput === undefined || (replay?.phase ?? 0) > 0
    const { valid, issues } = isUnchecked
      ? { valid: decoded.jobs, issues: undefined }
      : await this.#validate(decoded.jobs)
    const jobs = valid.map((job) => submittedJob(job, job.id, replay))
    const key = this.#open.add({ peer, request: decoded.request, issues })
    this.#parts.handle({ type: 'JobsSubmitted', nowMs: this.#parts.nowMs(), request: key, jobs })
  }

  #replay({ replay }: Extract<Request, { type: 'enqueue' }>): SubmittedJob['replay'] {
    if (replay === undefined) return undefined
    const [phase = 0] = phasesNamed(this.#parts.spec, replay.phase)
    return { of: replay.of, phase }
  }

  async #validate(
    jobs: readonly EnqueueItem[],
  ): Promise<{ valid: readonly EnqueueItem[]; issues?: Record<string, string> }> {
    const { checkInput } = this.#parts
    if (checkInput === undefined) return { valid: jobs }
    const valid: EnqueueItem[] = []
    const issues: Record<string, string> = {}
    for (const job of jobs) {
      const issue = await checkInput(job.instructions)
      if (issue === undefined) valid.push(job)
      else issues[job.id] = issue
    }
    return { valid, issues }
  }

  #checkPipeline(name: string): void {
    const pipeline = this.#parts.spec.name
    if (name === pipeline) return
    const guess = closest(name, [pipeline])
    throw new CarbontubeError('CT_UNKNOWN_PIPELINE', `there is no pipeline "${name}" here`, {
      hint: `This manager runs "${pipeline}"${guess === undefined ? '' : ': did you mean that'}.`,
      details: { pipeline: name, known: [pipeline] },
    })
  }

  #checkItems(count: number): void {
    if (count <= itemsMax) return
    throw new CarbontubeError(
      'CT_TOO_LARGE',
      `${count} items in one request, ${itemsMax} at most`,
      {
        hint: 'Split it into several requests.',
      },
    )
  }

  #refuse(peer: string, request: number, error: unknown): void {
    const known = isCarbontubeError(error) ? error : undefined
    const code = known?.code ?? (error instanceof WireError ? 'CT_PROTOCOL' : 'CT_INTERNAL')
    const message = error instanceof Error ? error.message : String(error)
    if (known === undefined) this.#parts.onRejected(error)
    const hint = known?.hint ?? ''
    this.#parts.reply(peer, { type: 'error', request, code, message, hint, retryAfterMs: 0 })
  }
}
