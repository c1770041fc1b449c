/**
 * Relays for a worker's own box. The streamer passes messages on, one way; the forwarder passes events
 * on and subscriptions back, every one of them, so that a worker's hello-on-subscribe works through it.
 */
import * as zmq from 'zeromq'
import { openDoor, pump, receiving, reconnecting } from './zeromq-transport.ts'

export interface DeviceOptions {
  /** Where it listens. */
  readonly from: string
  readonly bind?: string
  readonly connect: readonly string[]
}

export interface Device {
  close(): void
}

/** PULL → PUSH. Waits (and so holds its senders back) while nobody is there to take a message. */
export async function openStreamer({ from, bind, connect }: DeviceOptions): Promise<Device> {
  const pull = new zmq.Pull({ ...receiving, ...reconnecting })
  const push = new zmq.Push({ linger: 0, immediate: true, ...reconnecting })
  await openDoor(pull, { bind: [from] })
  await openDoor(push, { bind: bind === undefined ? [] : [bind], connect })
  void pump(pull, push)
  return closer(pull, push)
}

/** XSUB → XPUB, and subscriptions the other way. */
export async function openForwarder({ from, bind, connect }: DeviceOptions): Promise<Device> {
  const sub = new zmq.XSubscriber({ ...receiving, ...reconnecting })
  const pub = new zmq.XPublisher({ ...receiving, ...reconnecting })
  pub.verbosity = 'allSubsUnsubs'
  await openDoor(sub, { bind: [from] })
  await openDoor(pub, { bind: bind === undefined ? [] : [bind], connect })
  void pump(sub, pub)
  void pump(pub, sub)
  return closer(sub, pub)
}

function closer(...sockets: readonly { close(): void }[]): Device {
  return {
    close() {
      for (const socket of sockets) socket.close()
    },
  }
}
