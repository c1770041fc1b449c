/**
 * The transport over ZeroMQ. Each setting answers a trap: see docs/protocol.md, "Traps of ZeroMQ".
 */
import { setTimeout as sleep } from 'node:timers/promises'
import * as zmq from 'zeromq'
import { CarbontubeError } from '../errors/errors.ts'
import { parseAddress, withPort } from '../runtime/address.ts'
import { bindable } from '../runtime/this-machine.ts'
import { addressInUse } from './address-in-use.ts'
import { frameBytesMax } from './contract.ts'
import type {
  DoorOptions,
  Frames,
  PublishingDoor,
  ReceivingDoor,
  RouterDoor,
  Transport,
} from './contract.ts'
import { Following } from './follow.ts'
import { probe } from './probe.ts'
import { connectLink } from './zeromq-link.ts'
import { Writer } from './writer.ts'

// Only possible before the first socket of the process; a manager has two sockets and an observer per worker.
zmq.context.maxSockets = 4096
// A dead peer must not hang the exit.
zmq.context.blocky = false

const common = { linger: 0, ipv6: false }
// From whoever connects, who has to connect anew, and from those with something to send. A bound door that
// only receives needs none: with 500 workers it was a third of what a manager's idle second costs.
const beating = { heartbeatInterval: 2_000, heartbeatTimeout: 6_000 }
// The kernel finds such a door's dead connections, in 25 seconds.
const keptAlive = {
  ...{ tcpKeepalive: 1, tcpKeepaliveIdle: 10 },
  ...{ tcpKeepaliveInterval: 5, tcpKeepaliveCount: 3 },
}
export const receiving = { ...common, ...keptAlive, maxMessageSize: frameBytesMax }
// No high-water mark: credit bounds what is under way, and a full queue would only drop.
const sending = { ...common, ...beating, sendTimeout: 0, sendHighWaterMark: 0, immediate: true }
// For each peer; more is dropped for it alone. With 1,000, one that is well misses a third of a burst.
const publishing = { ...beating, sendTimeout: 0, sendHighWaterMark: 10_000 }
export const reconnecting = { reconnectInterval: 50, reconnectMaxInterval: 1_000 }

export const zeromqTransport: Transport = {
  async openPull({ onMessage, ...options }) {
    const socket = new zmq.Pull({ ...receiving, ...reconnecting })
    const door = await openDoor(socket, options)
    void readAll(socket, onMessage)
    return door
  },

  async openSub({ onMessage, topics = [''], ...options }) {
    const socket = new zmq.Subscriber({ ...receiving, ...reconnecting })
    socket.subscribe(...topics)
    const door = await openDoor(socket, options)
    void readAll(socket, onMessage)
    const { follow } = new Following(socket, options.connect ?? [], topics)
    return { ...door, follow }
  },

  async openRouter({ onMessage, ...options }): Promise<RouterDoor> {
    const socket = new zmq.Router({ ...receiving, ...publishing })
    const door = await openDoor(socket, options)
    const writer = new Writer(socket)
    void readAll(socket, ([peer, ...frames]) => {
      if (peer !== undefined) onMessage(Buffer.from(peer).toString('latin1'), frames)
    })
    const send = (peer: string, frames: Frames) =>
      writer.send([Buffer.from(peer, 'latin1'), ...frames])
    return { ...door, send }
  },

  async openPub({ onSubscriber, onSubscriberGone, ...options }): Promise<PublishingDoor> {
    const socket = new zmq.XPublisher({ ...receiving, ...reconnecting, ...publishing })
    socket.verbosity = 'allSubsUnsubs'
    const door = await openDoor(socket, options)
    const writer = new Writer(socket)
    void readAll(socket, ([frame]) => {
      const topic = Buffer.from(frame?.subarray(1) ?? []).toString('utf8')
      if (frame?.[0] === 1) onSubscriber(topic)
      else onSubscriberGone?.(topic)
    })
    return { ...door, publish: (frames) => writer.send(frames) }
  },

  connectPush(options) {
    return connectLink(new zmq.Push({ ...sending, ...reconnecting }), options)
  },

  connectDealer({ onMessage, ...options }) {
    const socket = new zmq.Dealer({ ...receiving, ...sending, ...reconnecting })
    void readAll(socket, onMessage)
    return connectLink(socket, options)
  },

  probe,
}

interface Bindable {
  heartbeatInterval: number
  heartbeatTimeout: number
  readonly lastEndpoint: string | null
  bind(address: string): Promise<void>
  connect(address: string): void
  close(): void
}

export async function openDoor(
  socket: Bindable,
  { bind: toBind = [], connect = [] }: DoorOptions,
): Promise<ReceivingDoor> {
  // Before anything is open: a change would be for later connections, and zeromq warns of it.
  if (connect.length > 0 || toBind.length === 0) Object.assign(socket, beating)
  const addresses: string[] = []
  const endpoints: string[] = []
  const close = () => {
    socket.close()
    for (const endpoint of endpoints) closed.add(endpoint)
  }
  try {
    for (const address of toBind) {
      const endpoint = await bind(socket, address)
      endpoints.push(endpoint)
      // The host as given, and the port as it turned out.
      addresses.push(withPort(address, parseAddress(endpoint).port))
    }
    for (const address of connect) {
      parseAddress(address)
      socket.connect(address)
    }
  } catch (error) {
    close()
    throw error
  }
  return { addresses, close }
}

/** Where doors of this process were: libzmq frees a port some time after `close`, on a thread of its own. */
const closed = new Set<string>()
const freeingMs = 5_000
const freeingLookMs = 10

/** Binds, and answers where. What a closed door of ours still has is waited for; what others have is not. */
async function bind(socket: Bindable, address: string): Promise<string> {
  const wanted = await bindable(address)
  const untilMs = performance.now() + freeingMs
  for (;;) {
    try {
      await socket.bind(wanted)
      const endpoint = socket.lastEndpoint ?? address
      closed.delete(endpoint)
      return endpoint
    } catch (cause) {
      const isBeingFreed = codeOf(cause) === 'EADDRINUSE' && closed.has(wanted)
      if (!isBeingFreed || performance.now() > untilMs) throw bindError(address, cause)
    }
    await sleep(freeingLookMs)
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code
}

function bindError(address: string, cause: unknown): CarbontubeError {
  if (codeOf(cause) === 'EADDRINUSE') return addressInUse(address, cause)
  return new CarbontubeError(
    'CT_CANNOT_BIND',
    `${address} cannot be bound here: ${String(cause)}`,
    {
      hint: 'Give an address or a name of an interface of this machine.',
      details: { address },
      cause,
    },
  )
}

/** Passes every message from one socket on to another, until one of them is closed. */
export async function pump(
  from: AsyncIterable<Buffer[]>,
  to: { readonly closed: boolean; send(frames: Buffer[]): Promise<void> },
): Promise<void> {
  for await (const frames of from) {
    if (to.closed) return
    try {
      await to.send(frames)
    } catch {
      // The relay is being closed, or the peer is gone: lost, like on any wire.
    }
  }
}

/** Reads until the socket is closed. The handler must not throw; if it does, that is a defect of ours. */
async function readAll(
  socket: AsyncIterable<Buffer[]> & { readonly closed: boolean },
  onMessage: (frames: Frames) => void,
): Promise<void> {
  for await (const frames of socket) {
    if (socket.closed) return
    onMessage(frames)
  }
}
