/** The table of commands as completion for fish: a line for each word, with the condition for offering it. */
import {
  completableCommands,
  firstWords,
  flagsWithValue,
  globalFlags,
  groups,
} from './completable.ts'
import type { CompletableCommand, Flag, Menu, Slot } from './completable.ts'

export function fishScript(): string {
  return `# Completion of carbontube for fish; carbontube completion fish prints it.

# What is before the cursor: commands and arguments, or the flags that have what they need.
function __carbontube_typed -a what
    set -l found
    set -l given
    set -l waiting
    for word in (commandline -opc)[2..-1]
        if set -q waiting[1]
            set -a given $waiting
            set waiting
        else if not string match -q -- '-?*' $word
            set -a found $word
        else if contains -- $word ${flagsWithValue.join(' ')}
            set waiting $word
        else
            set -a given (string replace -r '=.*' '' -- $word)
        end
    end
    string join -- \\n $$what
end

# Whether the line is of that command.
function __carbontube_in
    set -l found (__carbontube_typed found)
    string match -q -- " $argv *" " $found "
end

# Whether it is, and so many words of it are there.
function __carbontube_at -a count
    set -l found (__carbontube_typed found)
    test (count $found) -eq $count
    and string match -q -- " $argv[2..-1] *" " $found "
end

# Whether none of these flags was given.
function __carbontube_without
    set -l given (__carbontube_typed given)
    for flag in $argv
        contains -- $flag $given
        and return 1
    end
    return 0
end

# Files, for what may be @file.
function __carbontube_at_file
    set -l token (commandline -ct | string replace -r '^--[^=]*=' '')
    string match -q -- '@*' $token
    and __fish_complete_path (string sub -s 2 -- $token) | string replace -r '^' @
end

complete -c carbontube -f
${[
  ...menuLines([], firstWords),
  ...groups.flatMap(([word, menu]) => menuLines([word], menu)),
  ...globalFlags.map((flag) => flagLine([], flag)),
  ...completableCommands.flatMap(commandLines),
].join('\n')}`
}

function menuLines(before: readonly string[], menu: Menu): string[] {
  const condition = at(before.length, before)
  return menu.map(([word, summary]) => line(condition, `-a ${word} -d ${quoted(summary)}`))
}

function commandLines({ name, flags, args }: CompletableCommand): string[] {
  const words = name.split(' ')
  return [
    ...args.flatMap((arg, place) =>
      arg.takes === 'text' ? [] : [line(at(words.length + place, words), offering(arg))],
    ),
    ...flags.map((flag) => flagLine(words, flag)),
  ]
}

function flagLine(command: readonly string[], flag: Flag): string {
  const { names, summary, value, isRepeatable } = flag
  const conditions = [
    ...(command.length === 0 ? [] : [`__carbontube_in ${command.join(' ')}`]),
    ...(isRepeatable ? [] : [`__carbontube_without ${names.join(' ')}`]),
  ]
  const switches = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  )
  // Files are offered where nothing says otherwise.
  const taken = value === undefined ? [] : [value.takes === 'file' ? '-r' : '-x', offering(value)]
  return line(
    conditions.join('; and '),
    [...switches, ...taken.filter((one) => one !== ''), `-d ${quoted(summary)}`].join(' '),
  )
}

function offering({ takes }: Slot): string {
  if (takes === 'text') return ''
  if (takes === 'file') return '-F'
  return takes === '@file' ? `-a '(__carbontube_at_file)'` : `-a ${quoted(takes.join(' '))}`
}

function at(count: number, command: readonly string[]): string {
  return ['__carbontube_at', count, ...command].join(' ')
}

function line(condition: string, offer: string): string {
  return `complete -c carbontube -n ${quoted(condition)} ${offer}`
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
