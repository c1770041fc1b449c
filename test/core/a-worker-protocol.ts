/** A worker's protocol machine with one manager on the other end, driven by hand. */
import type { Outcome, WorkerReport } from '../../src/core/event.ts'
import { tokenText, type Token } from '../../src/core/token.ts'
import type { Orders, StreamOpen, WireOrder, WorkerEffect } from '../../src/core/worker-event.ts'
import { WorkerProtocol, type WorkerProtocolConfig } from '../../src/core/worker-protocol.ts'

export type GrantOrder = Extract<WireOrder, { type: 'grant' }>
export type WorkerEffectOf<T extends WorkerEffect['type']> = Extract<WorkerEffect, { type: T }>

const info = {
  ...{ id: 'cut@a:1', incarnation: 'a-1', address: 'tcp://a:1', jobType: 'cut' },
  ...{ concurrency: 1, host: 'a', pid: 1, version: '0.1.0' },
}

export const anOpen: StreamOpen = {
  ...{ incarnation: 'a-1', manager: 'm', pipeline: 'films', shard: 0, epoch: 1 },
  ...{ stream: 'nonce-1', pull: 'tcp://m:1', nextOrder: 1, ping: 1 },
}

export const done: Outcome = { type: 'done', instructions: new Uint8Array([1]) }

export function aToken(sequence: number, more: Partial<Token> = {}): Token {
  return { epoch: 1, nonce: 'nonce-1', sequence, ...more }
}

export function aGrant(order: number, jobId: string, more: Partial<GrantOrder> = {}): GrantOrder {
  return {
    ...{ type: 'grant', order, token: aToken(order), jobId, phase: 0, attempt: 1 },
    ...{ timeoutMs: 60_000, instructions: new Uint8Array([0]), ...more },
  }
}

export class AWorkerProtocol {
  readonly protocol: WorkerProtocol
  nowMs = 1_000_000
  readonly #started = new Map<string, number>()

  constructor(more: Partial<WorkerProtocolConfig> & { concurrency?: number } = {}) {
    const { concurrency = 1, ...config } = more
    this.protocol = new WorkerProtocol({
      info: { ...info, concurrency },
      ...{ beatMs: 1_000, resultResendMs: 2_000, abortGraceMs: 5_000, prefetchHoldMs: 1_000 },
      ...{
        prefetch: { jobsMax: 0, windowMs: 50 },
        reportResultsMax: 100,
        reportBytesMax: 1_000,
        outboxMax: 1_000,
      },
      ...config,
    })
  }

  opened(more: Partial<StreamOpen> = {}): readonly WorkerEffect[] {
    const { nowMs } = this
    return this.protocol.handle({ type: 'StreamOpened', nowMs, open: { ...anOpen, ...more } })
  }

  receives(orders: readonly WireOrder[], more: Partial<Orders> = {}): readonly WorkerEffect[] {
    const stream = { incarnation: 'a-1', stream: 'nonce-1', epoch: 1, ping: 1 }
    const effects = this.protocol.handle({
      type: 'OrdersReceived',
      nowMs: this.nowMs,
      orders: { ...stream, orders, answers: [], ...more },
    })
    return this.#keep(effects)
  }

  answered(...entries: readonly number[]): readonly WorkerEffect[] {
    const answers = entries.map((entry) => ({ entry, answer: 'applied' as const }))
    return this.receives([], { answers })
  }

  /** The run of a grant ends, and so does the turn of the shell. */
  ends({ token }: GrantOrder, outcome: Outcome = done, durationMs = 100): readonly WorkerEffect[] {
    const { nowMs } = this
    const ended = [{ run: this.run(token), outcome, durationMs }]
    return this.#keep([
      ...this.protocol.handle({ type: 'RunsEnded', nowMs, ended }),
      ...this.protocol.handle({ type: 'TurnEnded', nowMs }),
    ])
  }

  /** The number of the run that began under this token. */
  run(token: Token): number {
    return this.#started.get(tokenText(token)) ?? 0
  }

  #keep(effects: readonly WorkerEffect[]): readonly WorkerEffect[] {
    for (const { token, run } of only(effects, 'StartRun')) {
      this.#started.set(tokenText(token), run)
    }
    return effects
  }

  tell(type: 'DrainRequested' | 'DrainOverdue' | 'HelloWanted'): readonly WorkerEffect[] {
    return this.protocol.handle({ type, nowMs: this.nowMs })
  }

  pass(ms: number): readonly WorkerEffect[] {
    this.nowMs += ms
    return this.protocol.handle({ type: 'TimerFired', nowMs: this.nowMs })
  }
}

export function only<T extends WorkerEffect['type']>(
  effects: readonly WorkerEffect[],
  type: T,
): readonly WorkerEffectOf<T>[] {
  return effects.filter((effect): effect is WorkerEffectOf<T> => effect.type === type)
}

export function reports(effects: readonly WorkerEffect[]): readonly WorkerReport[] {
  return only(effects, 'SendReport').map(({ report }) => report)
}

export function results(effects: readonly WorkerEffect[]): WorkerReport['results'] {
  return reports(effects).flatMap((report) => report.results)
}
