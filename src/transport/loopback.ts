/**
 * The transport inside one process: a network of its own for each `createLoopback`, so that managers,
 * workers and clients can be tested without ports. Everything is one machine here: a port is a door,
 * whatever the host is called.
 *
 * It is as unkind as ZeroMQ may be: nothing happens within the caller's turn, what is under way when a
 * connection ends is lost, and a frame that is too large cuts the connection.
 */
import { Fifo } from '../core/fifo.ts'
import { formatAddress, parseAddress } from '../runtime/address.ts'
import { addressInUse } from './address-in-use.ts'
import { frameBytesMax } from './contract.ts'
import { Following } from './follow.ts'
import type {
  DoorOptions,
  Frames,
  Link,
  LinkOptions,
  ReceivingDoor,
  SubscribingDoor,
  Transport,
} from './contract.ts'

export function createLoopback(): Transport {
  const network = new Network()
  return {
    openPull: async ({ onMessage, ...options }) =>
      openDoor(
        new Socket('pull', network, { onMessage: (_, frames) => onMessage(frames) }),
        options,
      ),

    openSub: (options) => openSub(network, options),

    async openRouter({ onMessage, ...options }) {
      const socket: Socket = new Socket('router', network, {
        onMessage: (end, frames) => onMessage(end.name, frames),
      })
      const door = openDoor(socket, options)
      return { ...door, send: (peer, frames) => socket.endNamed(peer)?.send(frames) }
    },

    async openPub({ onSubscriber, onSubscriberGone, ...options }) {
      const subscribers = new Map<End, string[]>()
      const socket = new Socket('pub', network, {
        onMessage: (end, [asked]) => {
          const topic = Buffer.from(asked?.subarray(1) ?? []).toString('utf8')
          const others = (subscribers.get(end) ?? []).filter((one) => one !== topic)
          const isWanted = asked?.[0] === subscribed
          subscribers.set(end, isWanted ? [...others, topic] : others)
          if (isWanted) onSubscriber(topic)
          else onSubscriberGone?.(topic)
        },
        onEnded: (end) => {
          const topics = subscribers.get(end) ?? []
          subscribers.delete(end)
          for (const topic of topics) onSubscriberGone?.(topic)
        },
      })
      const door = openDoor(socket, options)
      const publish = (frames: Frames) => {
        const of = Buffer.from(frames[0] ?? []).toString('utf8')
        for (const [end, topics] of subscribers) {
          if (topics.some((topic) => of.startsWith(topic))) end.send(frames)
        }
      }
      return { ...door, publish }
    },

    connectPush: (options) => connectLink(new Socket('push', network, {}), options),

    connectDealer: ({ onMessage, ...options }) =>
      connectLink(
        new Socket('dealer', network, { onMessage: (_, frames) => onMessage(frames) }),
        options,
      ),

    probe(address) {
      const { port } = parseAddress(address)
      return soon(() => (network.doorAt(port) === undefined ? 'refused' : 'open'))
    },
  }
}

/** First byte of a subscription and of its end, as in ZeroMQ. */
const subscribed = 1
const unsubscribed = 0
/** Messages that a socket takes in one turn of the loop. */
const turnMessagesMax = 256
/** Where free ports are looked for, as systems do. */
const freePortsFrom = 49_152

type Kind = 'pull' | 'push' | 'router' | 'dealer' | 'sub' | 'pub'

const partners: Readonly<Record<Kind, Kind>> = {
  ...{ pull: 'push', push: 'pull', router: 'dealer', dealer: 'router', sub: 'pub', pub: 'sub' },
}

function soon<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(act())))
}

function subscription(topic: string, kind = subscribed): Uint8Array {
  return Buffer.concat([Uint8Array.of(kind), Buffer.from(topic)])
}

function openDoor(socket: Socket, { bind = [], connect = [] }: DoorOptions): ReceivingDoor {
  const addresses: string[] = []
  try {
    for (const address of bind) addresses.push(socket.bind(address))
    for (const address of connect) socket.connect(address, {})
  } catch (error) {
    socket.close()
    throw error
  }
  return { addresses, close: () => socket.close() }
}

async function openSub(
  network: Network,
  { onMessage, topics = [''], ...options }: Parameters<Transport['openSub']>[0],
): Promise<SubscribingDoor> {
  const socket = new Socket('sub', network, {
    onConnected: (end) => following.topics.forEach((topic) => end.send([subscription(topic)])),
    onMessage: (_, frames) => onMessage(frames),
  })
  const steps = {
    subscribe: (topic: string) => socket.sendAll([subscription(topic)]),
    unsubscribe: (topic: string) => socket.sendAll([subscription(topic, unsubscribed)]),
    connect: (address: string) => void socket.connect(address, {}),
    disconnect: (address: string) => socket.disconnect(address),
  }
  const following = new Following(steps, options.connect ?? [], topics)
  return { ...openDoor(socket, options), follow: following.follow }
}

function connectLink(socket: Socket, options: LinkOptions): Link {
  const { address } = options
  const connection = socket.connect(address, options)
  return {
    address,
    get isUp() {
      return connection.isUp
    },
    send: (frames) => connection.end?.send(frames),
    // What was sent is in the other side's queue at once.
    flushed: () => Promise.resolve(),
    close: () => socket.close(),
  }
}

/** Who listens where, and who waits for somebody to listen. */
class Network {
  readonly #doors = new Map<number, Socket>()
  readonly #waiting = new Set<Connection>()
  #connections = 0

  doorAt(port: number): Socket | undefined {
    return this.#doors.get(port)
  }

  /** Answers the port as it turned out. */
  listen(address: string, door: Socket): number {
    const { port: wanted } = parseAddress(address)
    const port = wanted === 0 ? this.#freePort() : wanted
    if (this.#doors.has(port)) throw addressInUse(address)
    this.#doors.set(port, door)
    for (const connection of this.#waiting) {
      if (connection.port === port) this.#tryLater(connection)
    }
    return port
  }

  /** Connects when there is a door, now or later. */
  await(connection: Connection): void {
    this.#waiting.add(connection)
    this.#tryLater(connection)
  }

  forget(connection: Connection): void {
    this.#waiting.delete(connection)
  }

  leave(door: Socket): void {
    for (const [port, other] of this.#doors) if (other === door) this.#doors.delete(port)
  }

  #freePort(): number {
    let port = freePortsFrom
    while (this.#doors.has(port)) port += 1
    return port
  }

  #tryLater(connection: Connection): void {
    setImmediate(() => {
      const door = this.#doors.get(connection.port)
      if (door === undefined || !this.#waiting.has(connection)) return
      if (partners[connection.socket.kind] !== door.kind) return connection.metWrongDoor()
      this.#waiting.delete(connection)
      this.#connections += 1
      const here = new End(connection.socket, `peer-${this.#connections}`)
      const there = new End(door, here.name)
      here.other = there
      there.other = here
      connection.cameUp(here)
      door.joined(there)
    })
  }
}

/** What a socket connects to: tried again until the socket is closed. */
class Connection {
  readonly socket: Socket
  readonly port: number
  readonly #events: Omit<LinkOptions, 'address'>
  readonly #network: Network
  #isWrongTold = false
  #isClosed = false
  isUp = false
  end: End | undefined

  constructor(socket: Socket, network: Network, { address, ...events }: LinkOptions) {
    this.socket = socket
    this.port = parseAddress(address).port
    this.#events = events
    this.#network = network
  }

  /** Told once, until it has been up. */
  metWrongDoor(): void {
    if (this.#isWrongTold) return
    this.#isWrongTold = true
    this.#events.onWrongPeer?.()
  }

  cameUp(end: End): void {
    this.end = end
    this.isUp = true
    this.#isWrongTold = false
    end.connection = this
    this.socket.joined(end)
    this.#events.onUp?.()
  }

  wentDown(): void {
    if (this.#isClosed) return
    this.end = undefined
    this.isUp = false
    this.#network.await(this)
    this.#events.onDown?.()
  }

  close(): void {
    this.#isClosed = true
    this.isUp = false
    this.#network.forget(this)
    this.end?.cut()
  }
}

/** One side of a connection. */
class End {
  readonly socket: Socket
  readonly name: string
  readonly inbox = new Fifo<Frames>()
  isOpen = true
  /** On the side that connected. */
  connection: Connection | undefined
  other: End | undefined

  constructor(socket: Socket, name: string) {
    this.socket = socket
    this.name = name
  }

  send(frames: Frames): void {
    if (!this.isOpen || this.other === undefined) return
    if (frames.some(({ length }) => length > frameBytesMax)) return this.cut()
    // The other side gets bytes of its own, as from a wire.
    this.other.inbox.push(frames.map((frame) => Buffer.from(frame)))
    this.other.socket.hasMessage(this.other)
  }

  /** Both sides hear of it, later; what was under way is lost. */
  cut(): void {
    for (const end of [this, this.other]) {
      if (end === undefined || !end.isOpen) continue
      end.isOpen = false
      end.inbox.takeAll()
      setImmediate(() => end.socket.left(end))
    }
  }
}

interface Handlers {
  onConnected?(end: End): void
  onMessage?(end: End, frames: Frames): void
  onEnded?(end: End): void
}

class Socket {
  readonly kind: Kind
  readonly #network: Network
  readonly #handlers: Handlers
  readonly #connections = new Set<Connection>()
  readonly #ends = new Map<string, End>()
  /** Ends with messages; each gives one, then it is the next one's turn. */
  readonly #turns = new Fifo<End>()
  #isPlanned = false
  #isClosed = false

  constructor(kind: Kind, network: Network, handlers: Handlers) {
    this.kind = kind
    this.#network = network
    this.#handlers = handlers
  }

  endNamed(name: string): End | undefined {
    return this.#ends.get(name)
  }

  bind(address: string): string {
    const port = this.#network.listen(address, this)
    return formatAddress({ host: parseAddress(address).host, port })
  }

  connect(address: string, events: Omit<LinkOptions, 'address'>): Connection {
    const connection = new Connection(this, this.#network, { ...events, address })
    this.#connections.add(connection)
    this.#network.await(connection)
    return connection
  }

  disconnect(address: string): void {
    const { port } = parseAddress(address)
    for (const connection of this.#connections) {
      if (connection.port !== port) continue
      this.#connections.delete(connection)
      connection.close()
    }
  }

  sendAll(frames: Frames): void {
    for (const end of this.#ends.values()) end.send(frames)
  }

  joined(end: End): void {
    this.#ends.set(end.name, end)
    this.#handlers.onConnected?.(end)
  }

  left(end: End): void {
    this.#ends.delete(end.name)
    if (this.#isClosed) return
    this.#handlers.onEnded?.(end)
    end.connection?.wentDown()
  }

  /** Called once for each message in the inbox of the end. */
  hasMessage(end: End): void {
    if (end.inbox.size === 1) this.#turns.push(end)
    this.#plan()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#network.leave(this)
    for (const connection of this.#connections) connection.close()
    for (const end of this.#ends.values()) end.cut()
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(() => {
      this.#isPlanned = false
      this.#take()
    })
  }

  #take(): void {
    for (let taken = 0; taken < turnMessagesMax; taken++) {
      const end = this.#turns.take()
      if (end === undefined) return
      const frames = end.inbox.take()
      if (end.inbox.size > 0) this.#turns.push(end)
      if (frames !== undefined) this.#handlers.onMessage?.(end, frames)
    }
    if (this.#turns.size > 0) this.#plan()
  }
}
