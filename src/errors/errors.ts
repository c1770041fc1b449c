/**
 * The errors of Carbontube: one class, one catalogue. A message says what happened, to which value, and
 * what to do; the code is stable and never reused; `blame` says whose turn it is. Exit codes of the
 * command line follow from the catalogue (`exit`).
 */
import { catalogue, type ErrorCode } from './catalogue.ts'

/** Whose fault it is: the caller's, the other process's, the store's, or ours. */
export type Blame = 'caller' | 'peer' | 'backend' | 'us'

/**
 * What everything here throws when it is not your own code that threw. `message` says what happened, to which
 * value; `cause` is the error behind it, if there is one.
 */
export class CarbontubeError extends Error {
  /** `CarbontubeError`. */
  override readonly name: string = 'CarbontubeError'
  /** What to branch on: stable, and never used for something else. */
  readonly code: ErrorCode
  /** What the caller can do about it; one sentence. */
  readonly hint: string | undefined
  /** Values for machines: shown by `--json`. */
  readonly details: Readonly<Record<string, unknown>>

  /**
   * For stores of your own; everything else is thrown here.
   *
   * @param code one of the table
   * @param message what happened, to which value
   * @param more `hint`: what to do about it · `details`: values for machines · `cause`: the error behind it
   */
  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.hint = more.hint
    this.details = more.details ?? {}
  }

  /** Whose turn it is. */
  get blame(): Blame {
    return catalogue[this.code].blame
  }

  /** Exit code of a command that ends with this error. */
  get exit(): number {
    return catalogue[this.code].exit
  }
}

/** Recognises our errors by their shape: two copies of a library exist in one process at times. */
export function isCarbontubeError(value: unknown): value is CarbontubeError {
  if (!(value instanceof Error) || !('code' in value)) return false
  return typeof value.code === 'string' && Object.hasOwn(catalogue, value.code)
}
