/**
 * One stream for all tabs of a browser. Over HTTP/1.1 a browser opens six connections to an origin, so
 * that eight tabs with a stream each would stall; one tab leads, holds the stream, and tells the others.
 *
 * The lock is the whole election: who holds it leads, and the browser gives it away when that tab is
 * closed, crashes or is discarded. Followers say hello and which topics they want; a new leader asks for
 * that with `who`. Where a lock or a channel is missing, a tab leads itself alone.
 */

/** What tabs say to each other. */
export type TabMessage =
  | { readonly type: 'event'; readonly name: string; readonly data: unknown }
  | { readonly type: 'state'; readonly isConnected: boolean }
  | { readonly type: 'who' }
  | { readonly type: 'want'; readonly tab: string; readonly topics: readonly string[] }
  | { readonly type: 'bye'; readonly tab: string }

/** The browser's parts that an election needs; a test brings its own. */
export interface ElectionParts {
  readonly tab: string
  /** Calls `lead` when this tab has the lock; keeps it until the tab ends. Left out: no locks here. */
  readonly acquire?: (lead: () => void) => void
  /** Left out: no channel here. */
  readonly channel?: {
    post(message: TabMessage): void
    listen(hear: (message: TabMessage) => void): void
  }
  /** Opens the stream, or opens it again with other topics. */
  open(topics: readonly string[]): void
  /** Something arrived: from the stream or from the leader. */
  deliver(name: string, data: unknown): void
  connection(isConnected: boolean): void
}

export class Election {
  readonly #parts: ElectionParts
  /** Topics that each tab wants, this one's too. */
  readonly #wanted = new Map<string, readonly string[]>()
  #isLeader = false
  #isConnected = false
  #topics = ''

  constructor(parts: ElectionParts, topics: readonly string[]) {
    this.#parts = parts
    this.#wanted.set(parts.tab, topics)
  }

  get isLeader(): boolean {
    return this.#isLeader
  }

  start(): void {
    const { channel, acquire } = this.#parts
    if (channel === undefined || acquire === undefined) {
      this.#lead()
      return
    }
    channel.listen((message) => this.#hear(message))
    this.#sayWant()
    acquire(() => this.#lead())
  }

  /** This tab wants these topics from now on. */
  want(topics: readonly string[]): void {
    this.#wanted.set(this.#parts.tab, topics)
    if (this.#isLeader) this.#openIfOther()
    else this.#sayWant()
  }

  /** This tab goes. */
  leave(): void {
    this.#parts.channel?.post({ type: 'bye', tab: this.#parts.tab })
  }

  /** For the leader: an event of the stream, for itself and for the others. */
  streamed(name: string, data: unknown): void {
    this.#parts.deliver(name, data)
    this.#parts.channel?.post({ type: 'event', name, data })
  }

  /** For the leader: whether the stream stands. */
  connected(isConnected: boolean): void {
    this.#isConnected = isConnected
    this.#parts.connection(isConnected)
    this.#parts.channel?.post({ type: 'state', isConnected })
  }

  #lead(): void {
    this.#isLeader = true
    this.#parts.channel?.post({ type: 'who' })
    this.#openIfOther()
  }

  #hear(message: TabMessage): void {
    switch (message.type) {
      case 'event':
        // Two leaders for a moment: each has its own stream already.
        if (!this.#isLeader) this.#parts.deliver(message.name, message.data)
        return
      case 'state':
        if (!this.#isLeader) this.#parts.connection(message.isConnected)
        return
      case 'who':
        if (!this.#isLeader) this.#sayWant()
        return
      case 'want':
        this.#wanted.set(message.tab, message.topics)
        if (!this.#isLeader) return
        this.#parts.channel?.post({ type: 'state', isConnected: this.#isConnected })
        this.#openIfOther()
        return
      case 'bye':
        this.#wanted.delete(message.tab)
        return
      default:
        // A tab of another version may say what this one does not know.
        return
    }
  }

  #sayWant(): void {
    const { tab, channel } = this.#parts
    channel?.post({ type: 'want', tab, topics: this.#wanted.get(tab) ?? [] })
  }

  /** Opens again only for a topic that is not streamed yet: one too many does no harm. */
  #openIfOther(): void {
    const topics = withOneFilter([...new Set([...this.#wanted.values()].flat())].toSorted())
    const open = this.#topics === '' ? [] : this.#topics.split(',')
    if (open.length > 0 && topics.every((topic) => open.includes(topic))) return
    this.#topics = topics.join(',')
    this.#parts.open(topics)
  }
}

/** A stream has one filter. Where tabs want different ones it has none, and each tab filters for itself. */
function withOneFilter(topics: readonly string[]): readonly string[] {
  const others = topics.filter((topic) => !topic.startsWith('logs'))
  return topics.length - others.length > 1 ? ['logs', ...others] : topics
}
