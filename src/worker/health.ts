/** How this process is, as a worker tells its managers in its beats, for people. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { WorkerHealth } from '../core/event.ts'

/** How often the loop is looked at, in milliseconds. */
const resolutionMs = 100
/** What a look is told in. */
const nanosecondsPerMs = 1_000_000

export class HealthWatch {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs })

  start(): void {
    this.#delay.enable()
  }

  stop(): void {
    this.#delay.disable()
  }

  /** Since the last look: how late the loop was at worst. */
  look(): WorkerHealth {
    const worstMs = Math.round(this.#delay.max / nanosecondsPerMs) - resolutionMs
    this.#delay.reset()
    return { rssBytes: process.memoryUsage.rss(), loopLagMs: Math.max(0, worstMs) }
  }
}
