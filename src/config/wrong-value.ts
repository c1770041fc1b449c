/** The errors about options: which value, where it came from, and what to do. */
import { didYouMean, notKnown } from '../errors/did-you-mean.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'
import type { ErrorCode } from '../errors/catalogue.ts'
import { comesFrom, flagOf, variableOf, type Option, type Source } from './option.ts'

/** Where a value was written: `--pull-bind`, `CARBONTUBE_PULL_BIND`, `box1.json: phase.pullBind`. */
export interface Origin {
  readonly source: Source
  readonly name: string
}

const codes: Readonly<Record<Source, ErrorCode>> = {
  flag: 'CT_BAD_OPTION',
  variable: 'CT_BAD_VARIABLE',
  file: 'CT_CONFIG_BAD_VALUE',
}

export function wrongValue({ kind }: Option, value: unknown, origin: Origin): CarbontubeError {
  const near = typeof value === 'string' ? didYouMean(value, kind.words ?? []) : ''
  const message = `${origin.name} is ${shown(value)}, not ${kind.wanted}${near}`
  return new CarbontubeError(codes[origin.source], message, {
    hint: kind.hint,
    details: { ...origin, value },
  })
}

/** A key of the file that is no option, or is none there. */
export function unknownKey(key: string, where: string, known: readonly string[]): CarbontubeError {
  const { what, hint, details } = notKnown(key, known)
  return new CarbontubeError('CT_CONFIG_UNKNOWN_KEY', `${where} has ${what}`, {
    ...{ hint, details: { where, ...details } },
  })
}

/** An option without which a command cannot run, or several of which one is needed. */
export function missingOption(
  options: readonly (readonly [string, Option])[],
  section: string,
): CarbontubeError {
  const flags = options.map(([key]) => flagOf(key)).join(' or ')
  const ways = options.flatMap(([key, option]) => {
    const placeholder = option.kind.placeholder === '' ? '' : ` <${option.kind.placeholder}>`
    const variable = variableOf(key, option)
    return [
      `${flagOf(key)}${placeholder}`,
      ...(variable === undefined ? [] : [variable]),
      ...(comesFrom(option, 'file') ? [`"${section}.${key}" in the configuration file`] : []),
    ]
  })
  return new CarbontubeError('CT_USAGE', `${flags} is missing`, {
    hint: `Give ${ways.join(', or ')}.`,
    details: { missing: options.map(([key]) => key) },
  })
}
