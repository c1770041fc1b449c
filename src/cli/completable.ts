/** What a shell can complete, from the table of commands: what the script of every shell is made from. */
import { commandGroups, commands, globalOptions, sectionOf } from '../config/commands.ts'
import type { CommandDeclaration } from '../config/commands.ts'
import { flagOf, isRepeatable, type Options } from '../config/option.ts'

/** A place on the command line: an argument, or the value of a flag. */
export interface Slot {
  /** Stands for it in a usage line: `ids...`. */
  readonly name: string
  /** What goes there: the name of a file, the same after an `@`, one of some words, or any text. */
  readonly takes: 'file' | '@file' | 'text' | readonly string[]
}

export interface Flag {
  /** `--follow` and `-f`. */
  readonly names: readonly string[]
  readonly summary: string
  /** Absent: it stands alone. */
  readonly value?: Slot
  readonly isRepeatable: boolean
}

/** Words that may come next, each with what it is for. */
export type Menu = readonly (readonly [word: string, summary: string])[]

export interface CompletableCommand {
  /** `jobs show` */
  readonly name: string
  /** Without those of every command. */
  readonly flags: readonly Flag[]
  readonly args: readonly Slot[]
}

const declarations = Object.entries<CommandDeclaration>(commands)

const help: Flag = { names: ['--help', '-h'], summary: 'Say how it is used.', isRepeatable: false }

/** Of every command. */
export const globalFlags: readonly Flag[] = [...flagsOf(globalOptions), help]

export const completableCommands: readonly CompletableCommand[] = declarations.map(
  ([name, { options, args }]) => ({
    name,
    flags: flagsOf(options),
    args: args.split(' ').flatMap((arg) => (arg === '' ? [] : [slotOf(arg.slice(1, -1))])),
  }),
)

/** The first words of all commands. */
export const firstWords: Menu = [
  ...new Map(
    declarations.map(([name, { summary }]) => {
      const word = sectionOf(name)
      return [word, commandGroups[word] ?? summary]
    }),
  ),
]

/** First words that are no command by themselves, each with those that may follow. */
export const groups: readonly (readonly [word: string, menu: Menu])[] = Object.keys(
  commandGroups,
).map((group) => [
  group,
  declarations
    .filter(([name]) => name.startsWith(`${group} `))
    .map(([name, { summary }]) => [name.slice(group.length + 1), summary]),
])

/** The names of all flags that a value follows. */
export const flagsWithValue: readonly string[] = [
  ...new Set(
    [...globalFlags, ...completableCommands.flatMap(({ flags }) => flags)].flatMap(
      ({ names, value }) => (value === undefined ? [] : names),
    ),
  ),
]

function flagsOf(options: Options): Flag[] {
  return Object.entries(options).map(([key, option]) => {
    const { kind, short, summary } = option
    const value = { ...slotOf(kind.placeholder), ...(kind.words && { takes: kind.words }) }
    return {
      names: [flagOf(key), ...(short === undefined ? [] : [`-${short}`])],
      ...{ summary, isRepeatable: isRepeatable(option) },
      ...(kind.name === 'flag' ? {} : { value }),
    }
  })
}

function slotOf(name: string): Slot {
  if (name.includes('|')) return { name, takes: name.split('|') }
  if (['file', 'store', 'storeFile'].includes(name)) return { name, takes: 'file' }
  if (['instructions', 'json5'].includes(name)) return { name, takes: '@file' }
  return { name, takes: 'text' }
}
