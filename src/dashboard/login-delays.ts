/**
 * Guessing tokens is slow: each wrong one from an address makes the answer to the next wrong one take longer.
 * A right one is never delayed nor turned away, whoever else is at its address (behind a proxy, everybody is):
 * what keeps 256 random bits from being guessed is their number, and this keeps the noise down.
 */
import { CarbontubeError } from '../errors/errors.ts'

const firstMs = 100
const delayMsMax = 5_000
/** After so long without another, failures are forgotten. */
const forgetMs = 15 * 60_000
/** Most addresses that are remembered; the one that failed longest ago goes first. */
const addressesMax = 10_000
/** Answers that one address may be waiting for; more wrong ones are turned away at once. */
const waitingMax = 20

interface Failures {
  count: number
  lastMs: number
  waiting: number
}

export class LoginDelays {
  readonly #failures = new Map<string, Failures>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /**
   * Tells that a token was wrong, after a while.
   * @throws CT_UNAUTHENTICATED; with 429, and at once, when too many wrong ones of this address are still unanswered
   */
  async refuse(address: string): Promise<never> {
    this.#check(address)
    await this.#delay(address)
    throw new CarbontubeError('CT_UNAUTHENTICATED', 'no token is like that', {
      hint: 'Check the token; `carbontube web-token` makes a new one.',
    })
  }

  succeeded(address: string): void {
    const failures = this.#failures.get(address)
    if (failures?.waiting === 0) this.#failures.delete(address)
  }

  #check(address: string): void {
    const { waiting = 0 } = this.#failures.get(address) ?? {}
    if (waiting < waitingMax) return
    throw new CarbontubeError(
      'CT_UNAUTHENTICATED',
      'too many wrong tokens came from this address',
      {
        hint: 'Wait some seconds.',
        details: { status: 429, retryAfterSeconds: delayMsMax / 1_000 },
      },
    )
  }

  /** Resolves when the failure may be told. */
  async #delay(address: string): Promise<void> {
    const failures = this.#of(address)
    const delayMs = Math.min(delayMsMax, firstMs * 2 ** Math.min(failures.count, 20))
    failures.count += 1
    failures.lastMs = this.#nowMs()
    failures.waiting += 1
    await new Promise((resolve) => setTimeout(resolve, delayMs).unref())
    failures.waiting -= 1
  }

  #of(address: string): Failures {
    const nowMs = this.#nowMs()
    const known = this.#failures.get(address)
    const isFresh = known !== undefined && nowMs - known.lastMs <= forgetMs
    const failures = isFresh ? known : { count: 0, lastMs: nowMs, waiting: known?.waiting ?? 0 }
    this.#failures.delete(address)
    this.#failures.set(address, failures)
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= addressesMax) break
      this.#failures.delete(oldest)
    }
    return failures
  }
}
