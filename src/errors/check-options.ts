/**
 * The options of a class that users make, looked at when the program runs: a pipeline's file runs without a look
 * at its types, and of a misspelt name nothing would be seen but a default, which may be somebody else's server.
 */
import { notKnown } from './did-you-mean.ts'
import { CarbontubeError } from './errors.ts'
import { shown } from './shown.ts'

/** What an option may be: one of these words, of a type, or what somebody else looks at. */
export type OptionKind = readonly string[] | 'string' | 'number' | 'boolean' | 'function' | 'any'

/** One for each option: `satisfies OptionKinds<…Options>` keeps the two together. */
export type OptionKinds<Options> = Readonly<Record<keyof Required<Options>, OptionKind>>

const wanted = {
  ...{ string: 'a text', number: 'a number from 0', boolean: 'true or false' },
  ...{ function: 'a function', any: 'anything' },
} as const

/** @param who the class, for the message. @throws CT_BAD_OPTION */
export function checkOptions(
  who: string,
  options: unknown,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  const known = Object.keys(kinds)
  const hint = `Known: ${known.join(', ')}.`
  const wrong = (what: string) =>
    new CarbontubeError('CT_BAD_OPTION', `${who}: ${what}`, { hint, details: { known } })
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    // Not shown: an address may have a password in it.
    throw wrong(`options are of type ${typeof options}, not an object`)
  }
  for (const [key, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (kind === undefined) throw wrong(`option ${notKnown(key, known).what}`)
    if (value === undefined || isOf(value, kind)) continue
    throw wrong(`${key} is ${shownFor(kind, value)}, not ${wantedBy(kind)}`)
  }
}

function isOf(value: unknown, kind: OptionKind): boolean {
  if (kind === 'any') return true
  if (typeof kind !== 'string') return kind.some((word) => word === value)
  // NaN and less than nothing are numbers too.
  return typeof value === kind && (typeof value !== 'number' || value >= 0)
}

function wantedBy(kind: OptionKind): string {
  return typeof kind === 'string' ? wanted[kind] : kind.join(' or ')
}

/** Texts only where words are wanted: elsewhere one may be a password. */
function shownFor(kind: OptionKind, value: unknown): string {
  const isPublic = typeof kind !== 'string' || typeof value === 'number'
  return isPublic ? shown(value) : `of type ${typeof value}`
}
