/**
 * The configuration file: JSON5, a section for each command, the global options at the top level. The
 * whole file is checked, whichever command runs: one file serves the boxes of a pipeline.
 */
import json5 from 'json5'
import { CarbontubeError } from '../errors/errors.ts'
import { shown } from '../errors/shown.ts'
import { commands, globalOptions, sectionOf } from './commands.ts'
import { comesFrom, type Option } from './option.ts'
import { unknownKey, wrongValue } from './wrong-value.ts'

/** Values that were read, by section and key; the section of the global ones is ''. */
export interface ConfigFile {
  readonly path: string
  readonly values: ReadonlyMap<string, ReadonlyMap<string, unknown>>
}

type Declared = ReadonlyMap<string, Option>

/** The options that the file may set, by section. */
export const configSections: ReadonlyMap<string, Declared> = collectSections()

/**
 * Checks the content of a configuration file, as it is after parsing.
 *
 * @param content the object that the file holds
 * @param path how messages call the file
 * @throws CT_CONFIG_NOT_LOADED when it is no object, CT_CONFIG_UNKNOWN_KEY, CT_CONFIG_BAD_VALUE
 */
export function validateConfig(content: unknown, path = 'the configuration'): void {
  readConfig(content, path)
}

/**
 * Reads the text of a configuration file.
 *
 * @throws CT_CONFIG_NOT_LOADED when it does not parse; as `validateConfig`
 */
export function parseConfig(text: string, path: string): ConfigFile {
  return readConfig(parse(text, path), path)
}

function parse(text: string, path: string): unknown {
  try {
    return json5.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^JSON5: /, '') : String(cause)
    throw new CarbontubeError('CT_CONFIG_NOT_LOADED', `${path} is not JSON5: ${reason}`, {
      hint: 'Correct it there. JSON5 is JSON that takes comments, unquoted keys and trailing commas.',
      details: { path },
      cause,
    })
  }
}

function readConfig(content: unknown, path: string): ConfigFile {
  const globals = configSections.get('') ?? new Map<string, Option>()
  const commandSections = [...configSections.keys()].filter((section) => section !== '')
  const values = new Map<string, ReadonlyMap<string, unknown>>()
  const top = new Map<string, unknown>()
  for (const [key, data] of entriesOf(content, path)) {
    const option = globals.get(key)
    const section = key === '' ? undefined : configSections.get(key)
    if (option !== undefined) top.set(key, valueOf(option, data, `${path}: ${key}`))
    else if (section !== undefined) values.set(key, readSection(section, data, `${path}: ${key}`))
    else throw unknownKey(key, path, [...globals.keys(), ...commandSections])
  }
  return { path, values: values.set('', top) }
}

function readSection(declared: Declared, content: unknown, where: string): Map<string, unknown> {
  const values = new Map<string, unknown>()
  for (const [key, data] of entriesOf(content, where)) {
    const option = declared.get(key)
    if (option === undefined) throw unknownKey(key, where, [...declared.keys()])
    values.set(key, valueOf(option, data, `${where}.${key}`))
  }
  return values
}

function valueOf(option: Option, data: unknown, name: string): unknown {
  const reading = option.kind.fromData(data)
  if ('value' in reading) return reading.value
  throw wrongValue(option, reading.misfit, { source: 'file', name })
}

function entriesOf(content: unknown, where: string): [string, unknown][] {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return Object.entries(content)
  }
  throw new CarbontubeError(
    'CT_CONFIG_NOT_LOADED',
    `${where} is ${shown(content)}, not an object`,
    {
      hint: "Write a section per command: { phase: { concurrency: 4 }, logLevel: 'warn' }.",
      details: { where },
    },
  )
}

function collectSections(): Map<string, Map<string, Option>> {
  const sections = new Map([['', inFile(globalOptions)]])
  for (const [name, { options }] of Object.entries(commands)) {
    const declared = inFile(options)
    const section = sectionOf(name)
    if (declared.size === 0) continue
    sections.set(section, new Map([...(sections.get(section) ?? []), ...declared]))
  }
  return sections
}

function inFile(options: Readonly<Record<string, Option>>): Map<string, Option> {
  return new Map(Object.entries(options).filter(([, option]) => comesFrom(option, 'file')))
}
