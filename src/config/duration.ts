/**
 * Durations as people write them. A number is milliseconds; a text has a number and a unit. Everything
 * past the options speaks milliseconds, in names that end in `Ms`.
 */
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'

/** A timer of Node holds 31 bits: about 24.8 days, in milliseconds. */
export const timerMsMax = 2 ** 31 - 1

/**
 * Milliseconds, or a text such as `'250ms'`, `'30s'`, `'10m'`, `'2h'`, `'1d'`, `'1.5h'`. TypeScript forgets which text
 * a field has: write `readonly timeout = '10m'`, and `retry = { delay: '10s' } as const`.
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

// The type lets blanks through before and after the number.
const pattern = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/

/**
 * Whole milliseconds of a duration; fractions are rounded.
 *
 * @param value what the caller gave; anything, since plain JavaScript calls this too
 * @param name the option, for the message
 * @throws CT_BAD_OPTION when it is not a duration, or is negative, infinite or not a number
 */
export function durationMs(value: unknown, name: string): number {
  const ms = typeof value === 'string' ? parse(value) : typeof value === 'number' ? value : NaN
  const rounded = Math.round(ms)
  if (rounded >= 0 && Number.isSafeInteger(rounded)) return rounded

  throw new CarbontubeError('CT_BAD_OPTION', `${name} is ${shown(value)}, which is no duration`, {
    hint: "Give milliseconds (600_000) or a number with a unit: '250ms', '30s', '10m', '2h', '1d'.",
    details: { option: name, value },
  })
}

function parse(text: string): number {
  const [, amount, unit] = pattern.exec(text) ?? []
  return amount === undefined || unit === undefined ? NaN : Number(amount) * (unitMs[unit] ?? NaN)
}
