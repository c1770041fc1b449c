/** What is sent to those who look, once a second; and which events of managers that takes. */
import { CarbontubeError } from '../errors/errors.ts'
import type { LogBatch, Operation, Snapshot } from './api-types.ts'
import { clientsMax, encodeEvent, EventStreams } from './event-stream.ts'
import type { LogFilter } from './log-filter.ts'
import type { LogLines } from './log-lines.ts'
import type { WatchedPipelines } from './watched-pipelines.ts'

const tickMs = 1_000
/** A status comes once a second, a little sooner at times: the snapshot follows it at once. */
const sendMs = 900
/** Without a status, that nothing answers is worth a snapshot too. */
const silentMs = 1_900
/** Whoever has asked for logs or a job once may ask again: what they need is followed for so long. */
const lookMs = 60_000

export const streamTopics = ['snapshot', 'logs'] as const
export type StreamTopic = (typeof streamTopics)[number]

export class LiveFeed {
  readonly streams = new EventStreams()
  readonly #pipelines: WatchedPipelines
  readonly #logs: LogLines
  readonly #nowMs: () => number
  readonly #looks = new Map<'job.log' | 'job.progress', number>()
  #timer: NodeJS.Timeout | undefined
  #snapshot: Snapshot | undefined
  #sentMs = 0

  constructor(parts: { pipelines: WatchedPipelines; logs: LogLines; nowMs(): number }) {
    this.#pipelines = parts.pipelines
    this.#logs = parts.logs
    this.#nowMs = parts.nowMs
    this.streams.onInterestChanged = () => this.#follow()
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.streams.closeAll()
  }

  /** As it was sent last; a new one when that is older than a second. */
  snapshot(): Snapshot {
    const { atMs = 0 } = this.#snapshot ?? {}
    if (this.#nowMs() - atMs >= tickMs) this.#snapshot = undefined
    return (this.#snapshot ??= this.#pipelines.snapshot())
  }

  /** There is a new status: the next snapshot is a new one. */
  changed(): void {
    this.#snapshot = undefined
    if (this.#nowMs() - this.#sentMs >= sendMs) this.#send()
  }

  tell(operation: Operation): void {
    this.streams.broadcast('snapshot', encodeEvent('operation', operation))
  }

  /** Somebody has asked for logs, or for a job. */
  looked(topic: 'job.log' | 'job.progress'): void {
    this.#looks.set(topic, this.#nowMs() + lookMs)
    this.#follow()
  }

  /** @throws CT_BUSY */
  open(
    topics: ReadonlySet<StreamTopic>,
    filter: LogFilter,
    {
      signal,
      sessionId,
    }: { readonly signal: AbortSignal; readonly sessionId?: string | undefined },
  ): Response {
    if (this.streams.size >= clientsMax) {
      throw new CarbontubeError('CT_BUSY', `${clientsMax} browsers are looking already`, {
        hint: 'Close some; one tab of a browser serves all of its tabs.',
      })
    }
    let onGone = () => undefined as void
    const session = sessionId === undefined ? {} : { sessionId }
    const client = this.streams.open({ topics, ...session }, () => onGone())
    // Also when it is gone before it has read anything.
    signal.addEventListener('abort', () => client.close(), { once: true })
    if (topics.has('snapshot')) client.send(encodeEvent('snapshot', this.snapshot()))
    if (topics.has('logs')) {
      const send = (batch: LogBatch) => client.send(encodeEvent('logs', batch))
      // From here on nothing is missed: what came before is to be asked for now.
      send({ lines: [], dropped: 0 })
      const unfollow = this.#logs.follow(filter, send)
      onGone = () => {
        unfollow()
        // Its next stream may be a moment away.
        this.looked('job.log')
      }
    }
    const headers = {
      ...{ 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
      // nginx would wait for more.
      'x-accel-buffering': 'no',
    }
    return new Response(client.body, { headers })
  }

  #tick(): void {
    this.#follow()
    if (this.#nowMs() - this.#sentMs >= silentMs) this.#send()
  }

  #send(): void {
    this.#sentMs = this.#nowMs()
    const arrived = this.#pipelines.arrived()
    if (!this.streams.wants('snapshot')) return
    this.#snapshot = this.#pipelines.snapshot()
    this.streams.broadcast('snapshot', encodeEvent('snapshot', this.#snapshot))
    for (const one of arrived) this.streams.broadcast('snapshot', encodeEvent('jobs', one))
  }

  #follow(): void {
    const nowMs = this.#nowMs()
    const isLooked = (topic: 'job.log' | 'job.progress') => (this.#looks.get(topic) ?? 0) > nowMs
    const wantsLogs = this.streams.wants('logs') || isLooked('job.log')
    const wantsProgress = this.streams.wants('snapshot') || isLooked('job.progress')
    this.#pipelines.follow([
      ...(wantsLogs ? ['job.log'] : []),
      ...(wantsProgress ? ['job.progress'] : []),
    ])
  }
}
