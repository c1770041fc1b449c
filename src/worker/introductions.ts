/**
 * Links to managers that are none of ours, but look for somebody at our address. Each is told who is here
 * and lasts while it is needed: a link that is closed at once would take the message along.
 */
import type { Frames, Link, Transport } from '../transport/contract.ts'

/** Unused for so long, a link is closed; managers repeat themselves every second. */
const idleMs = 5_000
/** At once: a stranger names the address to connect to, so there is a bound. */
const linksMax = 16

export class Introductions {
  readonly #transport: Transport
  readonly #links = new Map<string, { link: Link; usedMs: number }>()

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Throws `CT_BAD_ADDRESS`. While the link is not up nothing is sent; it says so itself once it is. */
  send(address: string, frames: Frames, nowMs: number): void {
    const open = this.#links.get(address)
    if (open !== undefined) {
      open.usedMs = nowMs
      open.link.send(frames)
    } else if (this.#links.size < linksMax) {
      const onUp = () => link.send(frames)
      const link = this.#transport.connectPush({ address, onUp })
      this.#links.set(address, { link, usedMs: nowMs })
    }
  }

  closeIdle(nowMs: number): void {
    for (const [address, { link, usedMs }] of this.#links) {
      if (nowMs - usedMs < idleMs) continue
      this.#links.delete(address)
      link.close()
    }
  }

  close(): void {
    for (const { link } of this.#links.values()) link.close()
    this.#links.clear()
  }
}
