/**
 * A pipeline as the dashboard sees it: its status once a second, the figures of the last minute, and the last
 * known ones when no manager answers. Asking costs the managers the same however many jobs run, which
 * following their events would not.
 */
import { PipelineClient } from '../client/pipeline-client.ts'
import type { PipelineStatus } from '../client/all-shards.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import type { Logger } from '../runtime/logger.ts'
import type { Service, ServiceState } from '../runtime/service.ts'
import { durationBoundsMs } from '../core/duration-counts.ts'
import { ShardTotals, type Totals } from './shard-totals.ts'

const pollMs = 1_000
/** Without an answer for so long, it is `reconnecting`. */
const staleMs = 3_000
/** As far back as figures of the present look. */
const windowMs = 60_000

/** What was known at a moment. */
export interface Sample {
  readonly atMs: number
  readonly status: PipelineStatus
  readonly totals: Totals
}

export interface PipelineWatchOptions {
  /** Of its managers, joined by commas. */
  readonly address: string
  /** Longest wait for an answer. */
  readonly timeoutMs: number
  readonly logger: Logger
  nowMs(): number
  /** Called with each status. */
  onSample(sample: Sample): void
}

export class PipelineWatch implements Service {
  readonly address: string
  readonly #options: PipelineWatchOptions
  readonly #totals = new ShardTotals(durationBoundsMs.length)
  #samples: Sample[] = []
  #client: PipelineClient | undefined
  #state: ServiceState = 'new'
  #polling: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #hasComplained = false

  constructor(options: PipelineWatchOptions) {
    this.#options = options
    this.address = options.address
  }

  get state(): ServiceState {
    return this.#state
  }

  /** The name of the pipeline; its address until a manager has answered. */
  get name(): string {
    return this.latest?.status.welcome.pipeline ?? this.address
  }

  get latest(): Sample | undefined {
    return this.#samples.at(-1)
  }

  get jobTypes(): readonly string[] {
    return this.latest?.status.welcome.jobTypes ?? []
  }

  get isLive(): boolean {
    const { latest } = this
    return latest !== undefined && this.#options.nowMs() - latest.atMs <= staleMs
  }

  /** The client to ask. @throws CT_UNREACHABLE at once when no manager has answered lately */
  get client(): PipelineClient {
    if (this.#client !== undefined && this.isLive) return this.#client
    throw new CarbontubeError('CT_UNREACHABLE', `no manager of "${this.name}" answers now`, {
      hint: 'The dashboard goes on trying; look at the managers.',
      details: { address: this.address },
    })
  }

  /** What has come in about the last so many milliseconds, and in how many it really was. */
  since(ms: number): { readonly totals: Totals; readonly overMs: number } | undefined {
    const { latest } = this
    if (latest === undefined) return undefined
    const before = this.#samples.find(({ atMs }) => latest.atMs - atMs <= ms)
    if (before === undefined || before === latest) return undefined
    return { totals: latest.totals.since(before.totals), overMs: latest.atMs - before.atMs }
  }

  /** Begins to ask; resolves after the first try, also when nobody has answered. */
  async start(): Promise<void> {
    if (this.#state !== 'new') return
    this.#state = 'running'
    await this.refresh()
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    clearTimeout(this.#timer)
    this.#client?.close()
    await this.#polling
  }

  /** Asks now: after an order whose effect somebody waits for. */
  refresh(): Promise<void> {
    clearTimeout(this.#timer)
    this.#polling = this.#polling.then(() => this.#poll())
    return this.#polling
  }

  async #poll(): Promise<void> {
    if (this.#state !== 'running') return
    const beganMs = this.#options.nowMs()
    try {
      this.#client ??= await this.#connect()
      this.#take(await this.#client.status())
      this.#hasComplained = false
    } catch (error) {
      this.#complain(error)
    }
    if (this.#state !== 'running') return
    clearTimeout(this.#timer)
    const waitMs = Math.max(0, pollMs - (this.#options.nowMs() - beganMs))
    this.#timer = setTimeout(() => void this.refresh(), waitMs)
  }

  async #connect(): Promise<PipelineClient> {
    const { address, timeoutMs } = this.#options
    const client = new PipelineClient(address, { timeout: timeoutMs })
    try {
      await client.connect()
      if (client.manager !== undefined) return client
      throw new CarbontubeError('CT_UNREACHABLE', `no manager answers at ${address}`, {
        hint: 'Give its router door, or its pull door when the router is at the next port.',
      })
    } catch (error) {
      client.close()
      throw error
    }
  }

  #take(status: PipelineStatus): void {
    const atMs = this.#options.nowMs()
    const sample = { atMs, status, totals: this.#totals.add(status.shards) }
    this.#samples = [...this.#samples.filter((one) => atMs - one.atMs <= windowMs), sample]
    this.#options.onSample(sample)
  }

  #complain(error: unknown): void {
    if (this.#state !== 'running' || this.#hasComplained) return
    this.#hasComplained = true
    const reason = isCarbontubeError(error) ? error.message : String(error)
    this.#options.logger.warn('no manager answers; trying on', { address: this.address, reason })
  }
}
