/**
 * Keeps what is known of the servers true while a store is open: an operator may change their settings, and
 * a server that starts again has those of its file.
 */
import { isCarbontubeError } from '../../errors/errors.ts'
import type { Connection } from './connection.ts'
import { factsAgain, type ServerFacts } from './server-facts.ts'

const askAgainMs = 60_000

export class FactsWatch {
  readonly #connection: Connection
  readonly #where: string
  #facts: ServerFacts
  #askedMs = performance.now()
  #asking: Promise<void> | undefined
  #unfit: Error | undefined

  constructor(connection: Connection, where: string, facts: ServerFacts) {
    this.#connection = connection
    this.#where = where
    this.#facts = facts
    connection.onReconnected(() => this.#ask())
  }

  get facts(): ServerFacts {
    return this.#facts
  }

  /** Now and then: some setting may have changed under a connection that lasts. */
  look(): void {
    if (performance.now() - this.#askedMs > askAgainMs) this.#ask()
  }

  /** What was written over a new connection is told when it is known how durable that is. */
  async settled(): Promise<void> {
    await this.#asking
  }

  /** Throws CT_STORE_FOREIGN when the servers have become unfit. */
  check(): void {
    if (this.#unfit !== undefined) throw this.#unfit
  }

  #ask(): void {
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined))
  }

  async #askOnce(): Promise<void> {
    const connection = this.#connection
    try {
      this.#facts = await connection.again(() => factsAgain(connection.servers(), this.#where))
      this.#askedMs = performance.now()
      this.#unfit = undefined
    } catch (error) {
      // One that does not answer is asked again by the next look.
      this.#askedMs = -Infinity
      if (isCarbontubeError(error) && error.code === 'CT_STORE_FOREIGN') this.#unfit = error
    }
  }
}
