/** `carbontube completion`: that real shells offer everything that is in the table of commands, and nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { commandGroups, commands, globalOptions, sectionOf } from '../../src/config/commands.ts'
import type { CommandDeclaration } from '../../src/config/commands.ts'
import { flagOf, type Option } from '../../src/config/option.ts'
import { textOf } from '../repo/repository.ts'
import { Home, shellMissing, shellNames } from './completing-shells.ts'
import { Bench } from './processes.ts'

const files = ['jobs.json', 'other file.ts', 'src']

interface Question {
  readonly line: string
  readonly offers: readonly string[]
}

const names = Object.keys(commands)
const declarations = Object.entries<CommandDeclaration>(commands)
const helpFlags = ['--help', '-h']

function namesOf([key, { short }]: readonly [string, Option]): string[] {
  return [flagOf(key), ...(short === undefined ? [] : [`-${short}`])]
}

/** What follows a flag in its line: nothing, or some value. */
function given([key, { kind }]: readonly [string, Option]): string {
  return `${flagOf(key)}${kind.name === 'flag' ? '' : ' x'} `
}

function isList([, { kind }]: readonly [string, Option]): boolean {
  return kind.name === 'addresses' || kind.name === 'texts'
}

const menus: Question[] = [
  { line: 'carbontube ', offers: [...new Set(names.map(sectionOf))] },
  { line: 'carbontube --log-level info --json ', offers: [...new Set(names.map(sectionOf))] },
  ...Object.keys(commandGroups).map((group) => ({
    line: `carbontube ${group} `,
    offers: names.flatMap((name) =>
      name.startsWith(`${group} `) ? [name.split(' ')[1] ?? ''] : [],
    ),
  })),
]

const flags: Question[] = declarations.flatMap(([name, { options }]) => {
  const own = Object.entries(options)
  const all = [...own, ...Object.entries<Option>(globalOptions)]
  const lists = all.filter(isList).flatMap(namesOf)
  return [
    { line: `carbontube ${name} -`, offers: [...all.flatMap(namesOf), ...helpFlags] },
    { line: `carbontube ${name} ${all.map(given).join('')}--help -`, offers: lists },
  ]
})

/** A value belongs to the flag, whatever else could stand there. */
const values: Question[] = declarations.flatMap(([name, { options }]) =>
  Object.entries(options).flatMap(([key, { kind }]) => {
    if (kind.name === 'flag') return []
    const offers = kind.words ?? offersOf(kind.placeholder)
    return ['=', ' '].map((sign) => ({
      line: `carbontube ${name} ${flagOf(key)}${sign}`,
      offers,
    }))
  }),
)

const args: Question[] = declarations.flatMap(([name, declaration]) => {
  const slots = declaration.args === '' ? [] : declaration.args.split(' ')
  const before = `carbontube --log-level info ${name}`
  return [...slots, ''].map((slot, index) => ({
    line: `${before}${' tcp://h:1'.repeat(index)} `,
    offers: offersOf(slot.replaceAll(/[<>[\]]/g, '')),
  }))
})

function offersOf(slot: string): readonly string[] {
  if (slot.includes('|')) return slot.split('|')
  return ['file', 'store', 'storeFile'].includes(slot) ? files : []
}

const parts: Question[] = [
  { line: 'carbontube jobs sh', offers: ['show'] },
  { line: 'carbontube web', offers: ['web', 'web-token'] },
  { line: 'carbontube statsu ', offers: [] },
  { line: 'carbontube --js', offers: ['--json'] },
  { line: 'carbontube status --ti', offers: ['--timeout'] },
  { line: 'carbontube check --js', offers: ['--json'] },
  { line: 'carbontube jobs list tcp://h:1 --st', offers: ['--state'] },
  { line: 'carbontube jobs list --state=d', offers: ['done', 'dead'] },
  { line: 'carbontube --log-level d', offers: ['debug'] },
  { line: 'carbontube logs -f --fo', offers: [] },
  { line: 'carbontube status -- -', offers: [] },
  { line: 'carbontube web-token -- x ', offers: ['read', 'operate', 'admin'] },
  { line: 'carbontube version --log-level=', offers: ['debug', 'info', 'warn', 'error'] },
  { line: 'carbontube check ot', offers: ['other file.ts'] },
  { line: 'carbontube --config=jo', offers: ['jobs.json'] },
  { line: 'carbontube enqueue tcp://h:1 p @', offers: files.map((file) => `@${file}`) },
  { line: 'carbontube enqueue tcp://h:1 p @src/', offers: ['@src/pipeline.ts'] },
  { line: 'carbontube jobs retry a b --instructions @jo', offers: ['@jobs.json'] },
  { line: 'carbontube jobs retry a b --instructions=@jo', offers: ['@jobs.json'] },
]

const questions = { menus, flags, values, args, parts }

describe.each(shellNames)('completion in %s', (shell) => {
  const why = shellMissing(shell)
  const answers = new Map<string, readonly string[]>()

  beforeAll(async () => {
    if (why !== undefined) return
    const folder = mkdtempSync(join(tmpdir(), 'carbontube-completion-'))
    const home = new Home(folder)
    for (const file of ['jobs.json', 'other file.ts']) writeFileSync(join(home.place, file), '')
    mkdirSync(join(home.place, 'src'))
    writeFileSync(join(home.place, 'src/pipeline.ts'), '')
    home.install(shell)
    const lines = Object.values(questions).flatMap((some) => some.map(({ line }) => line))
    const offers = await home.offers(shell, lines)
    lines.forEach((line, n) => answers.set(line, offers[n] ?? []))
    rmSync(folder, { recursive: true, force: true })
  })

  it.skipIf(why !== undefined).each([
    ['every command, and no other', questions.menus],
    ['every flag of the command that is not given yet, and no other', questions.flags],
    ['the values of a flag', questions.values],
    ['the arguments of a command', questions.args],
    ['what begins like the word that is there', questions.parts],
  ])(`offers %s${why === undefined ? '' : ` (${why})`}`, (_, asked) => {
    const sorted = (words: readonly string[] = []) => words.toSorted()
    expect(asked.map(({ line }) => [line, sorted(answers.get(line))])).toEqual(
      asked.map(({ line, offers }) => [line, sorted(offers)]),
    )
  })
})

describe('carbontube completion', () => {
  it('gives the script as JSON, when that is asked for', async () => {
    await using bench = await Bench.open()
    const script = await bench.run(['completion', 'bash'])
    const { code, stdout, stderr } = await bench.run(['completion', 'bash', '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toEqual({ shell: 'bash', script: script.stdout.trimEnd() })
  })

  it.each([
    [['powershell'], 'there is no completion for "powershell"', 'Shells are bash, zsh, fish.'],
    [['zhs'], 'there is no completion for "zhs"; did you mean "zsh"?', 'Shells are'],
    [[], `missing required argument 'bash|zsh|fish'`, '[options] <bash|zsh|fish>'],
  ])('refuses %j', async (args, message, hint) => {
    await using bench = await Bench.open()
    const { code, stdout, stderr } = await bench.run(['completion', ...args])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`CT_USAGE: ${message}\n`)
    expect(stderr).toContain(hint)
  })

  it('says in its help what the how-to says', async () => {
    await using bench = await Bench.open()
    const { stdout } = await bench.run(['completion', '--help'])
    const installing = textOf('examples/tutorial/completion.sh').match(/^carbontube.*$/gm)
    expect(installing).toHaveLength(shellNames.length)
    for (const line of installing ?? []) expect(stdout).toContain(line)
  })

  it.each([
    ['bash', 'source <(carbontube completion bash); complete -p carbontube', '_carbontube'],
    [
      'zsh',
      'autoload -Uz compinit; compinit -D; source <(carbontube completion zsh); echo $_comps[carbontube]',
      '_carbontube',
    ],
    ['fish', `carbontube completion fish | source; complete -C 'carbontube jobs sh'`, 'show'],
  ] as const)('can be tried in a %s that runs', async (shell, line, answer) => {
    if (shellMissing(shell) !== undefined) return
    await using bench = await Bench.open()
    expect(new Home(bench.folder).run(shell, line)).toContain(answer)
  })

  it('completes in a bash that does not part words at "=" as well', async () => {
    await using bench = await Bench.open()
    const line = `source <(carbontube completion bash)
      COMP_WORDBREAKS=\${COMP_WORDBREAKS//=/}
      COMP_WORDS=(carbontube --log-level=d) COMP_CWORD=1
      COMP_LINE=\${COMP_WORDS[*]} COMP_POINT=24
      _carbontube; echo "\${COMPREPLY[@]}"`
    expect(new Home(bench.folder).run('bash', line)).toBe('--log-level=debug\n')
  })
})
