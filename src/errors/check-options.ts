/**
 * The options of a class that users make, looked at when the program runs: a pipeline's file runs without a look
 * at its types, and of a misspelt name nothing would be seen but a default, which may be somebody else's server.
 */
import { didYouMean } from './did-you-mean.ts'
import { CarbontubeError } from './errors.ts'
import { shown } from './shown.ts'

/** What an option may be: one of these words, of a type, or what somebody else looks at. */
export type OptionKind = readonly string[] | 'string' | 'number' | 'boolean' | 'function' | 'any'

/** One for each option: `satisfies OptionKinds<…Options>` keeps the two together. */
export type OptionKinds<Options> = Readonly<Record<keyof Required<Options>, OptionKind>>

const wanted = {
  ...{ string: 'a text', number: 'a number from 0', boolean: 'true or false' },
  function: 'a function',
} as const

/** @param who the class, for the message. @throws CT_BAD_OPTION */
export function checkOptions(
  who: string,
  options: unknown,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    // Not shown: an address may have a password in it.
    throw wrong(`${who}: options are of type ${typeof options}, not an object`, kinds)
  }
  for (const [key, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined
    if (kind === undefined) {
      const near = didYouMean(key, Object.keys(kinds))
      throw wrong(`${who}: option "${key}", which is not known${near}`, kinds)
    }
    if (value === undefined || kind === 'any') continue
    if (typeof kind !== 'string') {
      if (kind.some((word) => word === value)) continue
      throw wrong(`${who}: ${key} is ${shown(value)}, not ${kind.join(' or ')}`, kinds)
    }
    // `typeof` in both cases: NaN and less than nothing are numbers, but none of these.
    if (typeof value === kind && !(typeof value === 'number' && !(value >= 0))) continue
    const is = typeof value === 'number' ? String(value) : `of type ${typeof value}`
    throw wrong(`${who}: ${key} is ${is}, not ${wanted[kind]}`, kinds)
  }
}

function wrong(message: string, kinds: Readonly<Record<string, OptionKind>>): CarbontubeError {
  const known = Object.keys(kinds)
  const hint = `Known: ${known.join(', ')}.`
  return new CarbontubeError('CT_BAD_OPTION', message, { hint, details: { known } })
}
