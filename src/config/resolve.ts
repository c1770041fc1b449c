/**
 * From what people wrote to what a command receives: flag > variable > configuration file > default.
 * Reads nothing by itself: flags, variables and the file are handed in.
 */
import { commands, optionsOf, sectionOf, globalOptions } from './commands.ts'
import type { CommandDeclaration, CommandName, CommandOptions } from './commands.ts'
import type { ConfigFile } from './config-file.ts'
import { comesFrom, flagOf, resolvedName, variableOf, type Option, type Source } from './option.ts'
import { missingOption, wrongValue, type Origin } from './wrong-value.ts'

/** What people wrote. An empty variable counts as none. */
export interface Sources {
  /** By key; a text, a list of texts for a flag that was repeated, `true` for one without a value. */
  readonly flags: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly file?: ConfigFile | undefined
}

/**
 * The options of a command, complete.
 *
 * @throws CT_BAD_OPTION, CT_BAD_VARIABLE for a value that is not allowed; CT_USAGE when one is missing
 */
export function resolveOptions<N extends CommandName>(
  name: N,
  sources: Sources,
): CommandOptions<N> {
  const section = sectionOf(name)
  const declared = optionsOf(name)
  const values: Record<string, unknown> = {}
  for (const [key, option] of declared) {
    const value = resolveOption(key, option, { ...sources, section }) ?? option.default
    if (value !== undefined) values[resolvedName(key, option)] = value
    else if (option.required === true) throw missingOption([[key, option]], section)
  }
  const { atLeastOneOf = [] }: CommandDeclaration = commands[name]
  const alternatives = declared.filter(([key]) => atLeastOneOf.includes(key))
  if (alternatives.length > 0 && alternatives.every(([key]) => values[key] === undefined)) {
    throw missingOption(alternatives, section)
  }
  const origins = Object.fromEntries(
    declared.map(([key, option]) => [key, originOf(key, option, { ...sources, section })]),
  )
  // Beside the values, for who shows them: nothing that reads or compares options meets it.
  Object.defineProperty(values, originsKey, { value: origins })
  return Object.freeze(values) as CommandOptions<N>
}

const originsKey = Symbol('where the values of options come from')

/** Where each value of resolved options comes from, by key. */
export function originsOf(options: object): Readonly<Record<string, Source | 'default'>> {
  const origins: unknown = Reflect.get(options, originsKey)
  return (origins ?? {}) as Readonly<Record<string, Source | 'default'>>
}

function originOf(
  key: string,
  option: Option,
  { flags, ...others }: Sources & { readonly section: string },
): Source | 'default' {
  if (flags[key] !== undefined) return 'flag'
  const rest = { ...others, flags: {} }
  if (resolveOption(key, option, rest) === undefined) return 'default'
  const { file: _file, ...withoutFile } = rest
  return resolveOption(key, option, withoutFile) === undefined ? 'file' : 'variable'
}

/** One option from what people wrote; `undefined` when nobody said anything. */
export function resolveOption(
  key: string,
  option: Option,
  { flags, variables, file, section }: Sources & { readonly section: string },
): unknown {
  const flag = flags[key]
  if (flag === true) return true
  const origin: Origin = { source: 'flag', name: flagOf(key) }
  if (Array.isArray(flag)) return fromText(option, flag.join(','), origin)
  if (typeof flag === 'string') return fromText(option, flag, origin)

  const variable = variableOf(key, option)
  const text = variable === undefined ? undefined : variables[variable]
  if (variable !== undefined && text !== undefined && text !== '') {
    return fromText(option, text, { source: 'variable', name: variable })
  }
  const isGlobal = Object.hasOwn(globalOptions, key)
  return file?.values.get(isGlobal ? '' : section)?.get(key)
}

/** The flags that say the same as these values: for a command that starts another. */
export function toFlags<N extends CommandName>(
  name: N,
  values: Partial<CommandOptions<N>>,
): readonly string[] {
  const given = new Map(Object.entries<unknown>(values))
  return optionsOf(name).flatMap(([key, option]) => {
    const value = given.get(resolvedName(key, option))
    if (!comesFrom(option, 'flag') || value === undefined || value === false) return []
    return value === true ? [flagOf(key)] : [flagOf(key), option.kind.show(value)]
  })
}

function fromText(option: Option, text: string, origin: Origin): unknown {
  const reading = option.kind.fromText(text)
  if ('value' in reading) return reading.value
  throw wrongValue(option, reading.misfit, origin)
}
