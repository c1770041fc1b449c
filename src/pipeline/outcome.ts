/**
 * The two ways of failing that are not "try again soon". Both are recognised by a brand, not by
 * `instanceof`: the user's file may hold another copy of this library than the worker.
 */
import { durationMs, type Duration } from '../config/duration.ts'

const rejectBrand = Symbol.for('carbontube.reject')
const retryAfterBrand = Symbol.for('carbontube.retry-after')

/** Throw it when trying again cannot help: the job is dead at once, with this message. */
export class Reject extends Error {
  /** `Reject`. */
  override readonly name: string = 'Reject'

  static {
    brand(this.prototype, rejectBrand)
  }

  /**
   * What people see in the history of the job is the message; `cause` is told at the end of its stack.
   *
   * @param message why, for people; it is in the history of the job
   * @param more `cause`: the error that made it hopeless
   */
  constructor(message: string, more: { cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
  }
}

/**
 * Throw it when you know when to come back: `throw new RetryAfter('30s')`. The delay takes the place of the
 * phase's own; the attempt counts like any other that failed.
 */
export class RetryAfter extends Error {
  /** `RetryAfter`. */
  override readonly name: string = 'RetryAfter'
  /** How long to wait, in milliseconds. */
  readonly delayMs: number

  static {
    brand(this.prototype, retryAfterBrand)
  }

  /**
   * Not before the delay is over; a worker may be busy for longer.
   *
   * @param delay milliseconds or `'30s'`
   * @param message why, for people; default: `try again after 30s`
   * @param more `cause`: the error behind it
   * @throws CT_BAD_OPTION when `delay` is no duration
   */
  constructor(delay: Duration, message?: string, more: { cause?: unknown } = {}) {
    super(message ?? `try again after ${delay}`, {
      ...(more.cause === undefined ? {} : { cause: more.cause }),
    })
    this.delayMs = durationMs(delay, 'RetryAfter')
  }
}

/** Whether a thrown value is a `Reject` of any copy of this library. */
export function isReject(value: unknown): value is Reject {
  return hasBrand(value, rejectBrand)
}

/** Whether a thrown value is a `RetryAfter` of any copy of this library. */
export function isRetryAfter(value: unknown): value is RetryAfter {
  return hasBrand(value, retryAfterBrand)
}

function brand(prototype: object, symbol: symbol): void {
  Object.defineProperty(prototype, symbol, { value: true })
}

function hasBrand(value: unknown, symbol: symbol): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, symbol) === true
}
