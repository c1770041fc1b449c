/**
 * The options of a phase, once: names, defaults, ranges, and how a wrong one is reported. `compile.ts`
 * turns them into the core's plain data; nothing else reads a user's retry or timeout.
 */
import { durationMs, timerMsMax } from '../config/duration.ts'
import type { RetrySpec } from '../core/spec.ts'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { didYouMean, notKnown } from '../errors/did-you-mean.ts'
import { shown } from '../errors/shown.ts'

/** Fields of a phase that mean something to us. */
export const phaseOptionNames = ['jobType', 'input', 'retry', 'timeout', 'concurrency'] as const

/** Members of `retry`. */
export const retryOptionNames = [
  'attempts',
  'crashes',
  'backoff',
  'delay',
  'factor',
  'maxDelay',
  'jitter',
] as const

/** What a phase that says nothing gets. Times in milliseconds. */
export const phaseDefaults = {
  attempts: 5,
  crashes: 3,
  backoff: 'exponential',
  delayMs: 1_000,
  factor: 2,
  delayMsMax: 300_000,
  jitter: true,
  timeoutMs: 1_800_000,
  concurrency: 1,
} as const

/** Bounds, with their reason where it is not plain. */
export const phaseLimits = {
  attemptsMax: 1_000_000,
  crashesMax: 1_000,
  factorMax: 1_000,
  concurrencyMax: 10_000,
  durationMsMax: timerMsMax,
} as const

/** Reads `retry`; `who` opens every message (`phase "encode-video"`). Throws CT_BAD_PIPELINE. */
export function readRetry(value: unknown, who: string): RetrySpec {
  if (value === undefined) return retryOf({}, who)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return retryOf({ ...value }, who)
  }
  throw badPhase(`${who}: retry is ${shown(value)}, not an object`, {
    hint: 'Write retry = { attempts: 5, delay: 1_000, factor: 2 }; every member is optional.',
  })
}

/** Reads `timeout`, in milliseconds. Throws CT_BAD_PIPELINE. */
export function readTimeoutMs(value: unknown, who: string): number {
  if (value === undefined) return phaseDefaults.timeoutMs
  const ms = readDurationMs(value, 'timeout', who)
  if (ms > 0) return ms
  throw badPhase(`${who}: timeout is 0; give it at least a millisecond`)
}

/** Reads `concurrency`. Throws CT_BAD_PIPELINE. */
export function readConcurrency(value: unknown, who: string): number {
  const range = { min: 1, max: phaseLimits.concurrencyMax, whole: true }
  return readNumber(value ?? phaseDefaults.concurrency, 'concurrency', range, who)
}

/** Throws CT_BAD_PIPELINE when the argument of `Phase.of` has a member we do not know. */
export function checkOptionNames(options: object, jobType: unknown): void {
  const who = typeof jobType === 'string' ? `phase "${jobType}"` : 'Phase.of(…)'
  checkKeys(options, phaseOptionNames, `${who}: option`)
}

/** A phase or pipeline class that is not well-formed. */
export function badPhase(
  message: string,
  more: { hint?: string; details?: Record<string, unknown>; cause?: unknown } = {},
): CarbontubeError {
  return new CarbontubeError('CT_BAD_PIPELINE', message, more)
}

function retryOf(retry: Record<string, unknown>, who: string): RetrySpec {
  checkKeys(retry, retryOptionNames, `${who}: retry has`)
  const { attempts, crashes, backoff, delay, factor, maxDelay, jitter } = retry
  const { attemptsMax, crashesMax, factorMax } = phaseLimits
  const defaults = phaseDefaults

  const delayMs = readDurationMs(delay ?? defaults.delayMs, 'retry.delay', who)
  const fallbackMs = Math.max(defaults.delayMsMax, delayMs)
  const delayMsMax = readDurationMs(maxDelay ?? fallbackMs, 'retry.maxDelay', who)
  if (delayMsMax < delayMs) {
    throw badPhase(`${who}: retry.maxDelay (${delayMsMax} ms) is less than delay (${delayMs} ms)`)
  }
  const whole = (max: number): NumberRange => ({ min: 1, max, whole: true })
  const factors = { min: 1, max: factorMax, whole: false }
  return {
    attempts: readNumber(attempts ?? defaults.attempts, 'retry.attempts', whole(attemptsMax), who),
    crashes: readNumber(crashes ?? defaults.crashes, 'retry.crashes', whole(crashesMax), who),
    backoff: readBackoff(backoff ?? defaults.backoff, who),
    delayMs,
    factor: readNumber(factor ?? defaults.factor, 'retry.factor', factors, who),
    delayMsMax,
    jitter: readJitter(jitter ?? defaults.jitter, who),
  }
}

function checkKeys(options: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const { what, ...more } = notKnown(key, known)
    throw badPhase(`${where} ${what}`, more)
  }
}

function readDurationMs(value: unknown, name: string, who: string): number {
  const ms = asDurationMs(value, name, who)
  if (ms <= phaseLimits.durationMsMax) return ms
  throw badPhase(
    `${who}: ${name} is ${ms} ms; the longest is ${phaseLimits.durationMsMax} ms (24 d)`,
  )
}

function asDurationMs(value: unknown, name: string, who: string): number {
  try {
    return durationMs(value, name)
  } catch (error) {
    if (!isCarbontubeError(error)) throw error
    const { message, hint, details } = error
    throw badPhase(`${who}: ${message}`, { ...(hint === undefined ? {} : { hint }), details })
  }
}

interface NumberRange {
  readonly min: number
  readonly max: number
  readonly whole: boolean
}

function readNumber(value: unknown, name: string, range: NumberRange, who: string): number {
  const { min, max, whole } = range
  if (typeof value === 'number' && value >= min && value <= max) {
    if (!whole || Number.isInteger(value)) return value
  }
  const wanted = `a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`
  throw badPhase(`${who}: ${name} is ${shown(value)}, not ${wanted}`, { details: { value } })
}

function readBackoff(value: unknown, who: string): RetrySpec['backoff'] {
  if (value === 'fixed' || value === 'exponential') return value
  const near = typeof value === 'string' ? didYouMean(value, ['fixed', 'exponential']) : ''
  throw badPhase(`${who}: retry.backoff is ${shown(value)}, not 'fixed' or 'exponential'${near}`)
}

function readJitter(value: unknown, who: string): boolean {
  if (typeof value === 'boolean') return value
  throw badPhase(`${who}: retry.jitter is ${shown(value)}, not true or false`)
}
