/**
 * Server-sent events. What is for all is encoded once; each client has a queue with a limit, and one that
 * reads too slowly loses the queue and is told so (`resync`) instead of being sent what is old by then.
 */

/** Proxies cut a connection over which nothing comes. */
const pingMs = 15_000
/** Of text that a client has not read yet; a snapshot of a large pipeline is some 100 KiB. */
const queueBytesMax = 2 * 1024 * 1024
/** Handed to the socket ahead of its own reading. */
const aheadBytes = 64 * 1024
export const clientsMax = 1_000

const encoder = new TextEncoder()

export function encodeEvent(name: string, data: object): Uint8Array {
  return encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
}

const ping = encoder.encode(': ping\n\n')
const resync = encodeEvent('resync', {})

export interface StreamClientOptions {
  readonly topics: ReadonlySet<string>
  readonly sessionId?: string
  onClosed(client: StreamClient): void
}

export class StreamClient {
  readonly topics: ReadonlySet<string>
  readonly sessionId: string | undefined
  readonly body: ReadableStream<Uint8Array>
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #isClosed = false
  readonly #onClosed: StreamClientOptions['onClosed']
  /** Events that were thrown away. */
  dropped = 0

  constructor({ topics, sessionId, onClosed }: StreamClientOptions) {
    this.topics = topics
    this.sessionId = sessionId
    this.#onClosed = onClosed
    const sizes = new ByteLengthQueuingStrategy({ highWaterMark: aheadBytes })
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      this.#controller = controller
    }
    this.body = new ReadableStream<Uint8Array>(
      { start, pull: () => this.#flush(), cancel: () => this.#ended() },
      sizes,
    )
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  send(event: Uint8Array): void {
    if (this.#isClosed) return
    if (this.#queuedBytes + event.byteLength > queueBytesMax) {
      this.dropped += this.#queue.length + 1
      this.#queue = [resync]
      this.#queuedBytes = resync.byteLength
    } else {
      this.#queue.push(event)
      this.#queuedBytes += event.byteLength
    }
    this.#flush()
  }

  close(): void {
    if (this.#isClosed) return
    this.#ended()
    this.#controller?.close()
  }

  #flush(): void {
    while (!this.#isClosed && (this.#controller?.desiredSize ?? 0) > 0) {
      const event = this.#queue.shift()
      if (event === undefined) return
      this.#queuedBytes -= event.byteLength
      this.#controller?.enqueue(event)
    }
  }

  #ended(): void {
    this.#isClosed = true
    this.#queue = []
    this.#queuedBytes = 0
    this.#onClosed(this)
  }
}

/** All clients of a dashboard. */
export class EventStreams {
  readonly #clients = new Set<StreamClient>()
  #ping: NodeJS.Timeout | undefined
  /** Called when the first client of a topic comes, and when the last one is gone. */
  onInterestChanged: () => void = () => undefined

  /** Called for each client whenever it is pinged: whoever looks is there. */
  onPing: (client: StreamClient) => void = () => undefined

  get size(): number {
    return this.#clients.size
  }

  wants(topic: string): boolean {
    return [...this.#clients].some(({ topics }) => topics.has(topic))
  }

  open(
    options: Omit<StreamClientOptions, 'onClosed'>,
    onGone: () => void = () => undefined,
  ): StreamClient {
    const onClosed = (one: StreamClient) => {
      this.#clients.delete(one)
      if (this.#clients.size === 0) clearInterval(this.#ping)
      onGone()
      this.onInterestChanged()
    }
    const client = new StreamClient({ ...options, onClosed })
    if (this.#clients.size === 0) this.#ping = setInterval(() => this.#pingAll(), pingMs)
    this.#clients.add(client)
    // Something at once: the browser learns that it is connected.
    client.send(ping)
    this.onInterestChanged()
    return client
  }

  broadcast(topic: string, event: Uint8Array): void {
    for (const client of this.#clients) if (client.topics.has(topic)) client.send(event)
  }

  closeSession(id: string): void {
    for (const client of this.#clients) if (client.sessionId === id) client.close()
  }

  closeAll(): void {
    for (const client of this.#clients) client.close()
    clearInterval(this.#ping)
  }

  #pingAll(): void {
    for (const client of this.#clients) {
      client.send(ping)
      this.onPing(client)
    }
  }
}
