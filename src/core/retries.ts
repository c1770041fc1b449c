/** When a failed phase is due again: exponential backoff with full jitter (AWS's name for it), from the seeded rng. */
import type { RetrySpec } from './spec.ts'
import type { Rng } from './rng.ts'

/** Delay before attempt `failed + 1`, in milliseconds; `failed` counts the failures so far, from 1. */
export function retryDelayMs(retry: RetrySpec, failed: number, rng: Rng): number {
  const growth = retry.backoff === 'exponential' ? retry.factor ** (failed - 1) : 1
  const delayMs = Math.min(retry.delayMs * growth, retry.delayMsMax)
  return Math.round(retry.jitter ? delayMs * rng.next() : delayMs)
}
