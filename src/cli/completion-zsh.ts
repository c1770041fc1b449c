/** The table of commands as completion for zsh, whose `_arguments` knows flags; which command it is, it does not. */
import { completableCommands, firstWords, globalFlags, groups } from './completable.ts'
import type { CompletableCommand, Flag, Menu, Slot } from './completable.ts'

export function zshScript(): string {
  const skipped = globalFlags.flatMap(({ names, value }) => (value === undefined ? [] : names))
  return `#compdef carbontube
# Completion of carbontube for zsh; carbontube completion zsh prints it.
_carbontube() {
  local curcontext=$curcontext state state_descr line word skip
  local -a found menu specs
  local -A opt_args

  # The words before the cursor that are no flags and no values of those before a command.
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then
      skip=
    elif [[ $word == (${skipped.join('|')}) ]]; then
      skip=1
    elif [[ $word != -?* ]]; then
      found+=("$word")
    fi
  done

  specs=(
${lines(4, globalFlags.flatMap(flagSpecs))}
  )
  case "$found[1] $found[2]" in
${[...completableCommands.map(commandBranch), ...groups.map(groupBranch)].join('\n')}
    (*)
${menuLines(1, firstWords)}
      ;;
  esac
  _arguments -s -S $specs
}

if [[ $funcstack[1] == _carbontube ]]; then
  _carbontube "$@"
else
  compdef _carbontube carbontube
fi`
}

function commandBranch({ name, flags, args }: CompletableCommand): string {
  const words = name.split(' ')
  const pattern = words.length > 1 ? quoted(name) : `'${name} '*`
  const slots = args.map((arg, index) => {
    const place = arg.name.endsWith('...') ? '*' : String(words.length + index + 1)
    return quoted(`${place}${slotSpec(arg, `_guard "^-*" ${arg.name}`)}`)
  })
  const specs = [...words.map((_, index) => `'${index + 1}:command: '`), ...slots]
  return `    (${pattern})
      specs+=(
${lines(8, [...specs, ...flags.flatMap(flagSpecs)])}
      )
      ;;`
}

function groupBranch([word, menu]: readonly [string, Menu]): string {
  return `    ('${word} '*)
${menuLines(2, menu)}
      ;;`
}

function menuLines(place: number, menu: Menu): string {
  const earlier = place === 1 ? [] : [`'1:command: '`]
  return `      menu=(
${lines(
  8,
  menu.map(([word, summary]) => quoted(`${word}:${summary}`)),
)}
      )
      specs+=(${[...earlier, `'${place}:command:{_describe command menu}'`].join(' ')})`
}

/** One for each of its names, which exclude each other. */
function flagSpecs({ names, summary, value, isRepeatable }: Flag): string[] {
  const once = isRepeatable ? '*' : `(${names.join(' ')})`
  return names.map((name) => {
    const joined = value === undefined ? '' : name.startsWith('--') ? '=' : '+'
    const described = `[${summary.replaceAll(/[[\]\\]/g, '\\$&')}]`
    return quoted(
      `${once}${name}${joined}${described}${value === undefined ? '' : slotSpec(value)}`,
    )
  })
}

/** A text is only described, by default in a way in which nothing else is offered beside it. */
function slotSpec({ name, takes }: Slot, described = ' '): string {
  const action = takes === 'text' ? described : actionOf(takes)
  return `:${name.replaceAll(':', '\\:')}:${action}`
}

function actionOf(takes: Exclude<Slot['takes'], 'text'>): string {
  if (takes === 'file') return '_files'
  return takes === '@file' ? '{compset -P @ && _files}' : `(${takes.join(' ')})`
}

function lines(indent: number, all: readonly string[]): string {
  return all.map((one) => `${' '.repeat(indent)}${one}`).join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll(`'`, `'\\''`)}'`
}
