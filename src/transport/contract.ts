/**
 * What the shells need of a transport: doors that others connect to, and links to others' doors. Only
 * this folder knows ZeroMQ. A transport carries, it does not decide: a sent message may be lost, and
 * the protocol above copes with that.
 */

/** A message: frames of bytes. A frame must not be changed after it was given to a transport. */
export type Frames = readonly Uint8Array[]

/** What a door takes; a larger frame cuts the connection. */
export const frameBytesMax = 64 * 1024 * 1024

/** Receives from many; PULL and SUB. */
export interface ReceivingDoor {
  /** Where it is bound, wildcard ports resolved. */
  readonly addresses: readonly string[]
  close(): void
}

/** Receives what it asks for; SUB. */
export interface SubscribingDoor extends ReceivingDoor {
  /**
   * Is connected to these doors and has these topics from now on, and no others. What it had before and keeps
   * goes on without a gap.
   * @throws CT_BAD_ADDRESS when nothing has been changed yet
   */
  follow(connect: readonly string[], topics: readonly string[]): void
}

/** Answers many; ROUTER. */
export interface RouterDoor extends ReceivingDoor {
  /** Lost silently when the peer is gone. */
  send(peer: string, frames: Frames): void
}

/** Publishes to whoever listens; XPUB. */
export interface PublishingDoor extends ReceivingDoor {
  publish(frames: Frames): void
}

/** A connection to one door; PUSH or DEALER. */
export interface Link {
  readonly address: string
  /** The handshake has been made, and the connection has not broken since. */
  readonly isUp: boolean
  /** Lost silently while the link is not up. */
  send(frames: Frames): void
  /** Resolves when all that was sent has left this thread (which is not delivery). */
  flushed(): Promise<void>
  close(): void
}

export interface DoorOptions {
  /** Addresses to listen on; port `*` or `0` = a free one. */
  readonly bind?: readonly string[]
  /** Addresses of other doors to connect to (behind a relay). */
  readonly connect?: readonly string[]
}

export interface LinkOptions {
  readonly address: string
  /** The handshake has been made, the first time or again. */
  onUp?(): void
  /** The connection is gone; the link tries again by itself until closed. */
  onDown?(): void
  /** Connected, but the other side is not the right kind of socket. */
  onWrongPeer?(): void
}

/** What a plain TCP connection to an address meets. */
export type ProbeAnswer = 'open' | 'refused' | 'unreachable'

export interface Transport {
  openPull(options: DoorOptions & { onMessage(frames: Frames): void }): Promise<ReceivingDoor>
  openRouter(
    options: DoorOptions & { onMessage(peer: string, frames: Frames): void },
  ): Promise<RouterDoor>
  /** `topics`: what the first frame of a wanted message begins with; default '', everything. */
  openSub(
    options: DoorOptions & { readonly topics?: readonly string[]; onMessage(frames: Frames): void },
  ): Promise<SubscribingDoor>
  /** `onSubscriber` is called for every subscription, also a repeated one, with what its topics begin with. */
  openPub(
    options: DoorOptions & {
      onSubscriber(topic: string): void
      onSubscriberGone?(topic: string): void
    },
  ): Promise<PublishingDoor>
  connectPush(options: LinkOptions): Link
  connectDealer(options: LinkOptions & { onMessage(frames: Frames): void }): Link
  probe(address: string, timeoutMs: number): Promise<ProbeAnswer>
}
