/**
 * The context of one run, as a phase sees it. What few phases use (the signal, the log, progress) is made
 * when it is first asked for: with short jobs it would cost more than the job.
 */
import { fenceOf, type Token } from '../core/token.ts'
import type { WorkerEffect } from '../core/worker-event.ts'
import type { Context, LogFields, PhaseLog } from '../pipeline/context.ts'
import { traceparentOf } from '../runtime/job-trace.ts'
import type { LogLevel } from '../runtime/logger.ts'
import { shownFields, shownText } from './log-fields.ts'

export type StartRun = Extract<WorkerEffect, { type: 'StartRun' }>

export interface RunContextParts {
  readonly jobType: string
  log(level: LogLevel, message: string, fields: LogFields): void
  publish(topic: string, fields: LogFields): void
}

export class RunContext implements Context {
  readonly jobId: string
  readonly phase: string
  readonly pipeline: string
  readonly attempt: number
  readonly #token: Token
  readonly #index: number
  readonly #parts: RunContextParts
  #abort: AbortController | undefined
  #aborted: string | undefined
  #log: PhaseLog | undefined
  #progress: Context['progress'] | undefined
  #heartbeat: Context['heartbeat'] | undefined

  constructor(start: StartRun, parts: RunContextParts) {
    this.jobId = start.jobId
    this.phase = parts.jobType
    this.pipeline = start.pipeline
    this.attempt = start.attempt
    this.#token = start.token
    this.#index = start.phase
    this.#parts = parts
  }

  get fence(): string {
    return fenceOf(this.#token)
  }

  get idempotencyKey(): string {
    return `${this.jobId}/${this.#index}/${this.phase}`
  }

  get traceparent(): string {
    return traceparentOf(this.jobId)
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  get log(): PhaseLog {
    const at =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}) => {
        const { jobId, phase } = this
        const [text, values] = [shownText(message), shownFields(fields)]
        this.#parts.log(level, text, { phase, jobId, ...values })
        this.#parts.publish('job.log', { jobId, phase, level, message: text, fields: values })
      }
    this.#log ??= { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
    return this.#log
  }

  /** A function of its own, so that it can be handed on as it is: `onProgress: context.progress`. */
  get progress(): Context['progress'] {
    this.#progress ??= (fraction, note = '') => {
      const { jobId, phase } = this
      const done = Number.isFinite(fraction) ? fraction : 0
      this.#parts.publish('job.progress', { jobId, phase, fraction: done, note: shownText(note) })
    }
    return this.#progress
  }

  get heartbeat(): Context['heartbeat'] {
    this.#heartbeat ??= () => {
      const { jobId, phase } = this
      this.#parts.publish('job.heartbeat', { jobId, phase })
    }
    return this.#heartbeat
  }

  /** Why it is to end, if it is. */
  get aborted(): string | undefined {
    return this.#aborted
  }

  /** Fires the signal, also for a phase that asks for it only later. */
  abort(reason: string): void {
    this.#aborted = reason
    this.#abort ??= new AbortController()
    this.#abort.abort(new DOMException(reason, 'AbortError'))
  }
}
