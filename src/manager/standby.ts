/**
 * The wait for a shard that somebody else owns. On a store that several managers may use, a second one waits
 * until the first is gone, and an owner that has lost its shard queues up again; on a store of one process
 * the wait would never end, so it is refused.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CarbontubeError } from '../errors/errors.ts'
import { LimitedLog, type Logger } from '../runtime/logger.ts'
import { Lease, type LeaseParts } from './lease.ts'

/** A look at the ownership; part of the time that a failover takes. */
const lookMs = 500

export interface StandbyParts {
  readonly lease: LeaseParts
  readonly logger: Logger
  nowMs(): number
  /** Somebody else owns the shard: told once for each owner. */
  onHeld(heldBy: string): void
}

export class Standby {
  readonly #parts: StandbyParts
  readonly #end = new AbortController()
  readonly #unanswered: LimitedLog
  #heldBy: string | undefined
  /** The store has said who owns the shard: it is there, and when it does not answer, it will be back. */
  #hasAnswered = false

  constructor(parts: StandbyParts) {
    this.#parts = parts
    this.#unanswered = new LimitedLog(parts.nowMs, parts.logger.warn)
  }

  /**
   * The lease, once it can be had; `undefined` after `stop`. Throws `CT_STORE_HELD` when there is no hope, and
   * what the store throws when it is asked for the first time.
   */
  async acquire(): Promise<Lease | undefined> {
    const isShared = this.#parts.lease.storage.info().capabilities.shared
    while (!this.#end.signal.aborted) {
      const answer = await this.#ask()
      if (answer instanceof Lease) return answer
      if (answer !== undefined) {
        if (!isShared) throw this.#hopeless(answer)
        if (answer.heldBy !== this.#heldBy) this.#parts.onHeld(answer.heldBy)
        this.#heldBy = answer.heldBy
      }
      await this.#pause()
    }
    return undefined
  }

  stop(): void {
    this.#end.abort()
  }

  async #ask(): Promise<Awaited<ReturnType<typeof Lease.acquire>> | undefined> {
    try {
      const answer = await Lease.acquire(this.#parts.lease)
      this.#hasAnswered = true
      return answer
    } catch (error) {
      if (!this.#hasAnswered) throw error
      const reason = error instanceof Error ? error.message : String(error)
      this.#unanswered.log('the store cannot be asked who owns the shard', { reason })
      return undefined
    }
  }

  async #pause(): Promise<void> {
    try {
      await sleep(lookMs, undefined, { signal: this.#end.signal })
    } catch {
      // Stopped: whoever waits sees it.
    }
  }

  #hopeless({ heldBy, untilMs }: { heldBy: string; untilMs: number }): CarbontubeError {
    const { pipeline, shard } = this.#parts.lease.ref
    return new CarbontubeError(
      'CT_STORE_HELD',
      `shard ${shard} of "${pipeline}" is owned by ${heldBy}`,
      {
        hint: 'Stop that manager, or wait until its ownership ends.',
        details: { heldBy, untilMs },
      },
    )
  }
}
