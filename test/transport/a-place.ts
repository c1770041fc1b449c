/** Opens doors and links that note what happens to them, and closes them all when the test is over. */
import type {
  DoorOptions,
  Frames,
  Link,
  PublishingDoor,
  ReceivingDoor,
  RouterDoor,
  SubscribingDoor,
  Transport,
} from '../../src/transport/contract.ts'
import { until } from '../wait.ts'
import { Happened } from './happened.ts'

export const anyPort = 'tcp://127.0.0.1:*'

export interface ADoor {
  readonly door: ReceivingDoor
  readonly address: string
  readonly messages: Happened<Frames>
}

export interface ASub extends ADoor {
  readonly door: SubscribingDoor
}

export interface ARouter {
  readonly door: RouterDoor
  readonly address: string
  readonly messages: Happened<{ peer: string; text: string }>
}

export interface APub {
  readonly door: PublishingDoor
  readonly address: string
  readonly subscriptions: Happened<string>
  readonly ends: Happened<string>
}

export interface ALink {
  readonly link: Link
  readonly ups: Happened
  readonly downs: Happened
  readonly wrong: Happened
  /** To a dealer. */
  readonly messages: Happened<Frames>
}

export class APlace {
  readonly transport: Transport
  readonly #open: { close(): void }[] = []

  constructor(transport: Transport) {
    this.transport = transport
  }

  async pull(options: DoorOptions = { bind: [anyPort] }): Promise<ADoor> {
    const messages = new Happened<Frames>()
    const door = await this.transport.openPull({ ...options, onMessage: messages.note })
    return { door: this.#keep(door), address: door.addresses[0] ?? '', messages }
  }

  async sub(
    options: DoorOptions & { topics?: readonly string[] } = { bind: [anyPort] },
  ): Promise<ASub> {
    const messages = new Happened<Frames>()
    const door = await this.transport.openSub({ ...options, onMessage: messages.note })
    return { door: this.#keep(door), address: door.addresses[0] ?? '', messages }
  }

  async router(options: DoorOptions = { bind: [anyPort] }): Promise<ARouter> {
    const messages = new Happened<{ peer: string; text: string }>()
    const onMessage = (peer: string, frames: Frames) => messages.note({ peer, text: text(frames) })
    const door = await this.transport.openRouter({ ...options, onMessage })
    return { door: this.#keep(door), address: door.addresses[0] ?? '', messages }
  }

  async pub(options: DoorOptions = { bind: [anyPort] }): Promise<APub> {
    const subscriptions = new Happened<string>()
    const ends = new Happened<string>()
    const door = await this.transport.openPub({
      ...options,
      onSubscriber: subscriptions.note,
      onSubscriberGone: ends.note,
    })
    return { door: this.#keep(door), address: door.addresses[0] ?? '', subscriptions, ends }
  }

  push(address: string): ALink {
    return this.#link((events) => this.transport.connectPush({ address, ...events }))
  }

  dealer(address: string): ALink {
    return this.#link((events, onMessage) =>
      this.transport.connectDealer({ address, ...events, onMessage }),
    )
  }

  /** An address where nobody is. */
  async vacantAddress(): Promise<string> {
    const { door, address } = await this.pull()
    await this.#vacated(door, address)
    return address
  }

  /** Closes a door, and opens the next one where it was, which takes until the system has let go of it. */
  async reopened<D>({ door, address }: { door: ReceivingDoor; address: string }, open: OpenAt<D>) {
    await this.#vacated(door, address)
    return until(() => open({ bind: [address] }), { what: `${address} can be bound again` })
  }

  close(): void {
    for (const one of this.#open) one.close()
  }

  async #vacated(door: ReceivingDoor, address: string): Promise<void> {
    door.close()
    await until(async () => (await this.transport.probe(address, 1_000)) === 'refused', {
      what: `nobody is at ${address}`,
    })
  }

  #link(connect: (events: LinkEvents, onMessage: (frames: Frames) => void) => Link): ALink {
    const happened = { ups: new Happened(), downs: new Happened(), wrong: new Happened() }
    const messages = new Happened<Frames>()
    const { ups, downs, wrong } = happened
    const events = { onUp: ups.note, onDown: downs.note, onWrongPeer: wrong.note }
    return { link: this.#keep(connect(events, messages.note)), ...happened, messages }
  }

  #keep<T extends { close(): void }>(one: T): T {
    this.#open.push(one)
    return one
  }
}

type OpenAt<D> = (options: DoorOptions) => Promise<D>

interface LinkEvents {
  onUp(): void
  onDown(): void
  onWrongPeer(): void
}

export function message(...texts: readonly string[]): Frames {
  return texts.map((one) => Buffer.from(one))
}

/** The frames of a message as text, side by side. */
export function text(frames: Frames): string {
  return frames.map((frame) => Buffer.from(frame).toString()).join('|')
}

export function texts(messages: readonly Frames[]): string[] {
  return messages.map(text)
}
