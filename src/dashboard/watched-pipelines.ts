/** All pipelines of a dashboard: what is known of them together, once a second, for whoever looks. */
import { pubDoorsOf } from '../client/event-subscription.ts'
import type { Logger } from '../runtime/logger.ts'
import { given } from '../language/given.ts'
import type { PublishedEvent } from '../wire/published.ts'
import { watchNamed } from './answering-pipelines.ts'
import type { History, JobDetail, Snapshot } from './api-types.ts'
import { historyOf, PipelineHistoryRings, type Span } from './history-rings.ts'
import type { LogLines } from './log-lines.ts'
import type { MeasuredPipeline } from './metrics.ts'
import { PipelineEvents } from './pipeline-events.ts'
import { viewOfPipeline } from './pipeline-view.ts'
import { PipelineWatch, type Sample } from './pipeline-watch.ts'
import { WorkerViews } from './worker-views.ts'

type Progress = NonNullable<JobDetail['progress']>

/** Jobs whose progress is remembered. */
const progressMax = 10_000

export interface WatchedPipelinesOptions {
  /** Of the managers of one pipeline each, joined by commas. */
  readonly addresses: readonly string[]
  readonly timeoutMs: number
  readonly logger: Logger
  readonly logs: LogLines
  nowMs(): number
  /** There is a new status of one of them. */
  onStatus(): void
}

class Watched {
  readonly workers = new WorkerViews()
  readonly rings = new PipelineHistoryRings()
  readonly progress = new Map<string, Progress>()
  readonly watch: PipelineWatch
  readonly #events: PipelineEvents
  readonly #logs: LogLines
  #topics: readonly string[] = []
  /** Jobs that were stored before the last snapshot. */
  storedBefore: number | undefined

  constructor(address: string, options: WatchedPipelinesOptions) {
    const { timeoutMs, logger, nowMs } = options
    this.#logs = options.logs
    this.#events = new PipelineEvents({ logger, onEvent: (event) => this.#happened(event) })
    const onSample = (sample: Sample) => {
      this.#take(sample)
      options.onStatus()
    }
    this.watch = new PipelineWatch({ address, timeoutMs, logger, nowMs, onSample })
  }

  follow(topics: readonly string[]): void {
    this.#topics = topics
    const { latest, address } = this.watch
    if (latest === undefined) return
    this.#events.want(pubDoorsOf(latest.status.managers, address), topics)
  }

  async stop(): Promise<void> {
    await this.watch.stop()
    await this.#events.close()
  }

  #take(sample: Sample): void {
    this.workers.take(sample)
    this.rings.add(sample)
    this.follow(this.#topics)
  }

  #happened(event: PublishedEvent): void {
    switch (event.topic) {
      case 'job.log':
        return this.#logs.take(this.watch.name, event)
      case 'job.progress':
        return this.#progressed(event)
      case 'worker.lost':
        return this.workers.lost(event)
      case 'worker.joined':
        return this.workers.joined(event)
    }
  }

  #progressed({ fields }: PublishedEvent): void {
    const { jobId, fraction, note } = fields
    if (typeof jobId !== 'string' || typeof fraction !== 'number') return
    const text = typeof note === 'string' && note !== '' ? note.slice(0, 200) : undefined
    this.progress.delete(jobId)
    this.progress.set(jobId, { fraction, ...given({ note: text }) })
    for (const oldest of this.progress.keys()) {
      if (this.progress.size <= progressMax) break
      this.progress.delete(oldest)
    }
  }
}

export class WatchedPipelines {
  readonly #all: readonly Watched[]
  readonly #nowMs: () => number

  constructor(options: WatchedPipelinesOptions) {
    this.#all = options.addresses.map((address) => new Watched(address, options))
    this.#nowMs = options.nowMs
  }

  get watches(): readonly PipelineWatch[] {
    return this.#all.map(({ watch }) => watch)
  }

  /** Every pipeline has a manager that answers. */
  get isReady(): boolean {
    return this.watches.every(({ isLive }) => isLive)
  }

  /** @throws CT_UNKNOWN_PIPELINE; CT_UNREACHABLE as long as not all have told their names */
  named(name: string): PipelineWatch {
    return watchNamed(this.watches, name)
  }

  async start(): Promise<void> {
    await Promise.all(this.watches.map((watch) => watch.start()))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((one) => one.stop()))
  }

  /** Follows `job.log` and `job.progress`, or no longer. */
  follow(topics: readonly string[]): void {
    for (const one of this.#all) one.follow(topics)
  }

  snapshot(): Snapshot {
    return {
      atMs: this.#nowMs(),
      pipelines: this.#all.flatMap(({ watch }) => viewOfPipeline(watch) ?? []),
      workers: this.#all.flatMap(({ workers, progress }) => workers.list((id) => progress.get(id))),
    }
  }

  workersOf(name: string): Snapshot['workers'] {
    const one = this.#all.find(({ watch }) => watch.name === name)
    return one?.workers.list((id) => one.progress.get(id)) ?? []
  }

  progressOf(name: string, jobId: string): Progress | undefined {
    return this.#all.find(({ watch }) => watch.name === name)?.progress.get(jobId)
  }

  history(span: Span): History {
    const known = this.#all.filter(({ watch }) => watch.latest !== undefined)
    const pipelines = known.map(({ watch, rings }) => ({ name: watch.name, rings }))
    return historyOf(pipelines, span, this.#nowMs())
  }

  measured(): readonly MeasuredPipeline[] {
    return this.#all.flatMap(({ watch, workers }) => {
      const [view, totals] = [viewOfPipeline(watch), watch.latest?.totals]
      if (view === undefined || totals === undefined) return []
      return [{ view, totals, workers: workers.list(() => undefined) }]
    })
  }

  /** Jobs that have been stored since this was asked before. */
  arrived(): readonly { readonly pipeline: string; readonly count: number }[] {
    return this.#all.flatMap((one) => {
      const stored = one.watch.latest?.totals.jobs('stored')
      const before = one.storedBefore
      one.storedBefore = stored
      if (stored === undefined || before === undefined || stored <= before) return []
      return [{ pipeline: one.watch.name, count: stored - before }]
    })
  }
}
