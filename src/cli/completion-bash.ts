/** The table of commands as completion for bash, which has no notion of flags: the script finds them itself. */
import {
  completableCommands,
  firstWords,
  flagsWithValue,
  globalFlags,
  groups,
} from './completable.ts'
import type { Flag, Menu, Slot } from './completable.ts'

/** Sorts the words before the cursor. */
const reading = `# Completion of carbontube for bash 4 and later; carbontube completion bash prints it.
_carbontube() {
  local IFS=$' \\t\\n'
  # The words as they were typed, up to the cursor: bash parts them at ':', '=' and '@' as well.
  local line=\${COMP_LINE:0:COMP_POINT} part typed=()
  for part in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ $line == [[:space:]]* || \${#typed[@]} -eq 0 ]]; then
      typed+=('')
      line=\${line#"\${line%%[![:space:]]*}"}
    fi
    [[ $line == "$part"* ]] || part=$line
    typed[\${#typed[@]}-1]+=$part
    line=\${line#"$part"}
  done

  # What is there: commands and arguments, flags, one that waits for its value, '--'.
  local word found=() given=' ' waiting='' over=''
  for word in "\${typed[@]:1:\${#typed[@]}-2}"; do
    if [[ $waiting ]]; then
      waiting=''
    elif [[ $over || $word != -?* ]]; then
      found+=("$word")
    elif [[ $word == -- ]]; then
      over=1
    else
      given+="\${word%%=*} "
      case $word in ${flagsWithValue.join('|')}) waiting=$word ;; esac
    fi
  done`

/** Offers what the flags and slots of the command ask for. */
const answering = `  local current=\${typed[\${#typed[@]}-1]} takes=\${slots[\${#found[@]}]-} before=''
  if [[ ! $over && ! $waiting && $current == --*=* ]]; then
    waiting=\${current%%=*}
    current=\${current#*=}
    [[ $COMP_WORDBREAKS == *=* ]] || before=$waiting=
  fi
  [[ $waiting ]] && takes=''
  local flag names name offered=''
  for flag in "\${flags[@]}"; do
    names=\${flag%%[*=]*}
    [[ $flag == *=* && ,$names, == *",$waiting,"* ]] && takes=\${flag#*=}
    for name in \${names//,/ }; do
      [[ $given == *" $name "* && $flag != *'*'* ]] && continue 2
    done
    offered+=" \${names//,/ }"
  done

  COMPREPLY=()
  if [[ ! $over && ! $waiting && $current == -* ]]; then
    takes=$offered
  fi
  case $takes in
    FILE) compopt -o default ;;
    @FILE)
      [[ $current == @* ]] || return
      compopt -o filenames -o nospace
      while IFS= read -r name; do
        [[ -d $name ]] && name+=/
        COMPREPLY+=("$before@$name")
      done < <(compgen -f -- "\${current#@}")
      ;;
    *) COMPREPLY=($(compgen -P "$before" -W "\${takes//|/ }" -- "$current")) ;;
  esac
}`

export function bashScript(): string {
  const commands = completableCommands.map(({ name, flags, args }) => {
    const before = name.split(' ').map(() => `''`)
    const slots = [...before, ...args.map((arg) => quoted(wordOf(arg)))]
    return branch(name, slots, flags)
  })
  const menus = groups.map(([word, menu]) => branch(word, [`''`, wordsOf(menu)], []))
  return `${reading}

  # What may be there. NAME[,OTHER_NAME], '*' when it may be repeated, '=' and what its value is.
  local flags=(${globalFlags.map(specOf).join(' ')}) slots
  case "\${found[0]-} \${found[1]-}" in
${[...commands, ...menus].join('\n')}
    *) slots=(${wordsOf(firstWords)}) ;;
  esac

${answering}
complete -F _carbontube carbontube`
}

function branch(name: string, slots: readonly string[], flags: readonly Flag[]): string {
  const pattern = name.includes(' ') ? `'${name}'` : `'${name} '*`
  const more = flags.length === 0 ? '' : ` flags+=(${flags.map(specOf).join(' ')})`
  return `    ${pattern}) slots=(${slots.join(' ')})${more} ;;`
}

function specOf({ names, value, isRepeatable }: Flag): string {
  const taken = value === undefined ? '' : `=${wordOf(value)}`
  return quoted(`${names.join(',')}${isRepeatable ? '*' : ''}${taken}`)
}

function wordOf({ takes }: Slot): string {
  if (takes === 'text') return ''
  return typeof takes === 'string' ? takes.toUpperCase() : takes.join('|')
}

function wordsOf(menu: Menu): string {
  return quoted(menu.map(([word]) => word).join('|'))
}

function quoted(text: string): string {
  return `'${text}'`
}
