/**
 * What operators ask of a manager beyond looking: pause and resume, dead jobs, workers. The requests are
 * turned into events of the core, and the core's answers into replies; nothing is decided here.
 */
import type { Effect } from '../core/effect.ts'
import type { Event } from '../core/event.ts'
import { wholePipeline } from '../core/shard.ts'
import type { PipelineSpec } from '../core/spec.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { Reply } from '../wire/replies.ts'
import type { Request } from '../wire/requests.ts'
import { OpenRequests } from './open-requests.ts'
import { phasesNamed } from './phase-names.ts'

type OperatorAnswer = Extract<Effect, { type: 'AnswerPause' | 'AnswerDead' | 'AnswerDrain' }>

/** The requests of operators, apart from the others. */
export type OperatorRequest = Extract<
  Request,
  { type: 'pause' | 'resume' | 'redrive' | 'discard' | 'drain' | 'resumeWorker' }
>

export interface OperatorRequestsParts {
  readonly spec: PipelineSpec
  nowMs(): number
  handle(event: Event): void
  reply(peer: string, reply: Reply): void
  /** No job is removed from the store until the function it resolves with is called. */
  holdRetention(): Promise<() => void>
}

interface OpenRequest {
  readonly peer: string
  readonly request: number
  /** Called when the answer is there. */
  release?(): void
}

/** Dead jobs in one request: each is read with its instructions. */
const deadItemsMax = 1_000

export class OperatorRequests {
  readonly #parts: OperatorRequestsParts
  readonly #open = new OpenRequests<OpenRequest>()

  constructor(parts: OperatorRequestsParts) {
    this.#parts = parts
  }

  /** @throws CT_UNKNOWN_JOB_TYPE, CT_TOO_LARGE */
  async receive(peer: string, decoded: OperatorRequest): Promise<void> {
    switch (decoded.type) {
      case 'pause':
      case 'resume':
        return this.#pause(peer, decoded)
      case 'redrive':
      case 'discard':
        return this.#dead(peer, decoded)
      case 'drain':
      case 'resumeWorker':
        return this.#drain(peer, decoded)
    }
  }

  /** The core's word. */
  answered(effect: OperatorAnswer): void {
    const open = this.#open.take(effect.request)
    if (open === undefined) return
    const { peer, request, release } = open
    release?.()
    if (effect.type === 'AnswerDead') {
      return this.#parts.reply(peer, { type: 'dead', request, items: effect.items })
    }
    if (effect.type === 'AnswerDrain') {
      return this.#parts.reply(peer, { type: 'draining', request, outcome: effect.outcome })
    }
    const { paused } = effect
    const pipeline = paused.includes(wholePipeline)
    const names = this.#parts.spec.phases.map(({ jobType }) => jobType)
    const phases = [...new Set(paused.flatMap((phase) => names[phase] ?? []))]
    this.#parts.reply(peer, { type: 'paused', request, pipeline, phases })
  }

  /** Those that will not be answered any more. */
  abandon(): readonly OpenRequest[] {
    const open = this.#open.takeAll()
    for (const { release } of open) release?.()
    return open
  }

  #pause(peer: string, decoded: Extract<OperatorRequest, { type: 'pause' | 'resume' }>): void {
    const { phase } = decoded
    const only = phase === undefined ? {} : { phases: phasesNamed(this.#parts.spec, phase) }
    const type = decoded.type === 'pause' ? 'PauseRequested' : 'ResumeRequested'
    const open = { peer, request: decoded.request }
    this.#hand(open, (request, nowMs) => ({ type, nowMs, request, ...only }))
  }

  async #dead(
    peer: string,
    decoded: Extract<OperatorRequest, { type: 'redrive' | 'discard' }>,
  ): Promise<void> {
    const { ids } = decoded
    if (ids.length > deadItemsMax) {
      throw new CarbontubeError(
        'CT_TOO_LARGE',
        `${ids.length} dead jobs in one request, ${deadItemsMax} at most`,
        { hint: 'Split it into several requests.' },
      )
    }
    const type = decoded.type === 'redrive' ? 'RedriveRequested' : 'DiscardRequested'
    // What is read as dead must still be there when the order is committed.
    const release = await this.#parts.holdRetention()
    const open = { peer, request: decoded.request, release }
    this.#hand(open, (request, nowMs) => ({ type, nowMs, request, ids }))
  }

  #drain(
    peer: string,
    decoded: Extract<OperatorRequest, { type: 'drain' | 'resumeWorker' }>,
  ): void {
    const { request, worker } = decoded
    const type = decoded.type === 'drain' ? 'WorkerDrainRequested' : 'WorkerResumeRequested'
    this.#hand({ peer, request }, (key, nowMs) => ({ type, nowMs, request: key, worker }))
  }

  #hand(open: OpenRequest, event: (key: string, nowMs: number) => Event): void {
    this.#parts.handle(event(this.#open.add(open), this.#parts.nowMs()))
  }
}
