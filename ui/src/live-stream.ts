/**
 * The stream itself: an EventSource that is opened again by hand when the browser gives up (it does after
 * any answer but 200), and when it has been silent for longer than the server ever is.
 */
import { apiUrl, get } from './api.ts'

export interface LiveStreamParts {
  event(name: string, data: unknown): void
  connected(isConnected: boolean): void
}

const eventNames = ['snapshot', 'logs', 'jobs', 'operation', 'resync']

/** Snapshots come every second or so; a connection that died without a word is noticed after this. */
const silenceMsMax = 20_000
const retryMsMin = 1_000
const retryMsMax = 10_000

export class LiveStream {
  readonly #parts: LiveStreamParts
  #source: EventSource | undefined
  #topics: readonly string[] = []
  #retryMs = retryMsMin
  #retry: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(parts: LiveStreamParts) {
    this.#parts = parts
  }

  /** Opens the stream; one that is open is replaced. Log lines may have a filter: `logs?level=error`. */
  open(topics: readonly string[]): void {
    this.#topics = topics
    this.#source?.close()
    clearTimeout(this.#retry)
    const [names, filters] = [0, 1].map((part) =>
      topics.map((topic) => topic.split('?')[part] ?? ''),
    )
    const path = `stream?topics=${names?.join(',')}&${filters?.join('')}`
    const source = new EventSource(apiUrl(path))
    this.#source = source
    source.addEventListener('open', () => {
      this.#retryMs = retryMsMin
      this.#parts.connected(true)
      this.#heard()
    })
    source.addEventListener('error', () => this.#failed(source))
    for (const name of eventNames) {
      source.addEventListener(name, (event) => this.#received(name, event as MessageEvent<string>))
    }
  }

  #received(name: string, { data }: MessageEvent<string>): void {
    this.#heard()
    this.#parts.event(name, data === '' ? undefined : JSON.parse(data))
  }

  #heard(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      this.#parts.connected(false)
      this.open(this.#topics)
    }, silenceMsMax)
  }

  #failed(source: EventSource): void {
    if (source !== this.#source) return
    clearTimeout(this.#silence)
    this.#parts.connected(false)
    source.close()
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.open(this.#topics), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 1.6, retryMsMax)
    // An EventSource does not say why: a 401 is found by asking.
    get('overview').catch(() => {})
  }
}
