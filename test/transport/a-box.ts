/**
 * A machine on a network, which can lose its power: everything that was opened through it is gone at
 * once, and what runs on it says nothing more to anybody.
 */
import type { Transport } from '../../src/transport/contract.ts'

export class ABox {
  readonly transport: Transport
  hasPower = true
  readonly #open = new Set<{ close(): void }>()

  constructor({ probe, ...network }: Transport) {
    const keep = <T extends { close(): void }>(one: T): T => {
      this.#open.add(one)
      return one
    }
    this.transport = {
      openPull: async (options) => keep(await network.openPull(options)),
      openRouter: async (options) => keep(await network.openRouter(options)),
      openSub: async (options) => keep(await network.openSub(options)),
      openPub: async (options) => keep(await network.openPub(options)),
      connectPush: (options) => keep(network.connectPush(options)),
      connectDealer: (options) => keep(network.connectDealer(options)),
      probe,
    }
  }

  losesPower(): void {
    this.hasPower = false
    for (const one of this.#open) one.close()
  }
}
