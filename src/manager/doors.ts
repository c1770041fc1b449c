/** The manager's four doors: pull (results, plain jobs), router (requests), sub (workers' events), pub (all events). */
import type { Event } from '../core/event.ts'
import { nextPort } from '../runtime/address.ts'
import type { Frames, ReceivingDoor, Transport } from '../transport/contract.ts'
import { jobTopics, type EventPublisher } from '../wire/event-publisher.ts'
import { unpackHeader } from '../wire/header.ts'
import { announcedWorker, decodePublished } from '../wire/published.ts'
import { encodeReply, type Reply } from '../wire/replies.ts'
import { decodeReport } from '../wire/report.ts'
import { decodeEnqueue, type EnqueueItem } from '../wire/requests.ts'
import { WireError } from '../wire/wire-error.ts'

export interface DoorAddresses {
  /** Bound; the first one is announced. */
  readonly pull: readonly string[]
  readonly pullConnect?: readonly string[]
  /** Default: the pull door's port + 1. */
  readonly router?: string
  readonly sub: readonly string[]
  readonly subConnect?: readonly string[]
  /** Default: the sub door's port + 1. */
  readonly pub?: string
}

export interface Doors {
  readonly announced: DoorAddresses & { readonly router: string; readonly pub: string }
  reply(peer: string, reply: Reply): void
  /** From now on messages are handled; before, they wait. */
  read(): void
  close(): void
}

/** Whom what arrives is passed to. */
export interface Receiver {
  /** A request, whose sender is answered. */
  receive(peer: string, frames: Frames): void
  /** Jobs of a plain client, which nobody answers. */
  submitUnacknowledged(pipeline: string, jobs: readonly EnqueueItem[]): Promise<void>
  handle(event: Event): void
}

export interface DoorsParts {
  readonly transport: Transport
  readonly addresses: DoorAddresses
  readonly feed: EventPublisher
  readonly reception: Receiver
  nowMs(): number
  onRejected(error: unknown): void
}

export async function openDoors(parts: DoorsParts): Promise<Doors> {
  const { transport, addresses, feed, reception, nowMs } = parts
  const early: (() => void)[] = []
  let isReading = false
  // What arrives while the store is still being summarised waits its turn.
  const whenReading = (act: () => void) => (isReading ? act() : void early.push(act))
  const open: ReceivingDoor[] = []
  const keep = <D extends ReceivingDoor>(door: D): D => {
    open.push(door)
    return door
  }
  try {
    const pull = keep(
      await transport.openPull({
        ...{ bind: addresses.pull, connect: addresses.pullConnect ?? [] },
        onMessage: (frames) => whenReading(() => receivePulled(parts, frames)),
      }),
    )
    const router = keep(
      await transport.openRouter({
        bind: [addresses.router ?? besideDoor(pull.addresses[0])],
        onMessage: (peer, frames) => whenReading(() => reception.receive(peer, frames)),
      }),
    )
    const sub = keep(
      await transport.openSub({
        ...{ bind: addresses.sub, connect: addresses.subConnect ?? [] },
        onMessage: (frames) => whenReading(() => receivePublished(parts, frames)),
      }),
    )
    const observersChanged = (change: () => void) => {
      change()
      const observed = feed.wantsAnyOf(jobTopics)
      reception.handle({ type: 'ObserversChanged', nowMs: nowMs(), observed })
    }
    const pub = keep(
      await transport.openPub({
        bind: [addresses.pub ?? besideDoor(sub.addresses[0])],
        onSubscriber: (topic) => whenReading(() => observersChanged(() => feed.subscribed(topic))),
        onSubscriberGone: (topic) =>
          whenReading(() => observersChanged(() => feed.unsubscribed(topic))),
      }),
    )
    feed.attach(pub)
    return {
      announced: {
        ...{ pull: pull.addresses, router: router.addresses[0] ?? '' },
        ...{ sub: sub.addresses, pub: pub.addresses[0] ?? '' },
      },
      reply: (peer, reply) => router.send(peer, encodeReply(reply)),
      read() {
        isReading = true
        for (const act of early.splice(0)) act()
      },
      close: () => closeAll(open),
    }
  } catch (error) {
    closeAll(open)
    throw error
  }
}

function closeAll(doors: readonly ReceivingDoor[]): void {
  for (const door of doors) door.close()
}

/** The neighbour of a door; a free port when there is no such door. */
function besideDoor(address: string | undefined): string {
  if (address === undefined) return 'tcp://127.0.0.1:*'
  return nextPort(address)
}

/** Reports of workers, and jobs of plain PUSH clients. Anything else is counted and dropped. */
function receivePulled(parts: DoorsParts, frames: Frames): void {
  try {
    const header = unpackHeader(frames[0])
    if (header.type === 'report') {
      const report = decodeReport(header, frames)
      parts.reception.handle({ type: 'WorkerReported', nowMs: parts.nowMs(), report })
    } else if (header.type === 'enqueue') {
      const { pipeline, jobs, replay } = decodeEnqueue(header, frames)
      // It cannot be answered, and as plain jobs these would begin with the first phase.
      if (replay !== undefined) throw new WireError('malformed', 'a replay needs the router door')
      void parts.reception.submitUnacknowledged(pipeline, jobs)
    } else throw new WireError('unsupported', `a pull door takes no "${header.type}"`)
  } catch (error) {
    parts.onRejected(error)
  }
}

function receivePublished(parts: DoorsParts, frames: Frames): void {
  try {
    const event = decodePublished(frames)
    if (event.topic === 'worker.available') {
      const info = announcedWorker(event)
      parts.reception.handle({ type: 'WorkerAnnounced', nowMs: parts.nowMs(), info })
    }
    parts.feed.passOn(frames)
  } catch (error) {
    parts.onRejected(error)
  }
}
