/**
 * Guessing tokens is slow: each wrong one from an address makes the answer to the next take longer. A right
 * one is never delayed by others, and nobody is locked out of another address.
 */
import { CarbontubeError } from '../errors/errors.ts'

const firstMs = 100
const delayMsMax = 5_000
/** After so long without another, failures are forgotten. */
const forgetMs = 15 * 60_000
/** Most addresses that are remembered; the one that failed longest ago goes first. */
const addressesMax = 10_000
/** Answers that one address may be waiting for; more are turned away unseen, or guesses would go in parallel. */
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

  /** @throws CT_UNAUTHENTICATED (429) when too many wrong ones of this address are still unanswered */
  check(address: string): void {
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
  async failed(address: string): Promise<void> {
    const failures = this.#of(address)
    const delayMs = Math.min(delayMsMax, firstMs * 2 ** Math.min(failures.count, 20))
    failures.count += 1
    failures.lastMs = this.#nowMs()
    failures.waiting += 1
    await new Promise((resolve) => setTimeout(resolve, delayMs).unref())
    failures.waiting -= 1
  }

  succeeded(address: string): void {
    const failures = this.#failures.get(address)
    if (failures?.waiting === 0) this.#failures.delete(address)
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
