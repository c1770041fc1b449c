// The table of options: that each entry is sound, and is found where people look it up.
import { describe, expect, it } from 'vitest'
import {
  commandGroups,
  commands,
  globalOptions,
  optionsOf,
  sectionOf,
} from '../../src/config/commands.ts'
import type { CommandDeclaration, CommandName } from '../../src/config/commands.ts'
import { comesFrom, flagOf, variableOf } from '../../src/config/option.ts'
import { textOf } from '../repo/repository.ts'

const names = Object.keys(commands) as CommandName[]
const options = names.flatMap((name) =>
  optionsOf(name).map(([key, option]) => [`${name}.${key}`, { name, key, option }] as const),
)
const page = textOf('docs/reference/options.generated.md')

describe('every option', () => {
  it.each(options)('%s is described in one sentence', (_, { option }) => {
    expect(option.summary).toMatch(/^[A-Z].*[^.]\.$/)
  })

  it.each(options)('%s has a default that its kind reads back', (_, { option }) => {
    if (option.default === undefined) return
    expect(option.kind.fromText(option.kind.show(option.default))).toEqual({
      value: option.default,
    })
  })

  it.each(options)('%s is in the reference, with its variable and key', (_, one) => {
    const { name, key, option } = one
    const isGlobal = Object.hasOwn(globalOptions, key)
    const title = isGlobal ? 'Every command' : `carbontube ${name}`
    const section = page.split('\n## ').find((part) => part.startsWith(`${title}\n`)) ?? ''
    const row = section.split('\n').find((line) => line.startsWith(`| \`${flagOf(key)}\` |`)) ?? ''
    const inFile = isGlobal ? key : `${sectionOf(name)}.${key}`
    expect(row).toContain(option.summary)
    expect(row).toContain(variableOf(key, option) ?? '')
    if (comesFrom(option, 'file')) expect(row).toContain(`\`${inFile}\``)
  })
})

describe('every command', () => {
  it.each(names)('%s has no option of the name of a global one', (name) => {
    const own = Object.keys(commands[name].options)
    expect(own.filter((key) => Object.hasOwn(globalOptions, key))).toEqual([])
  })

  it.each(names)('%s has the options of which it needs one', (name) => {
    const { atLeastOneOf = [], options: own }: CommandDeclaration = commands[name]
    expect(atLeastOneOf.filter((key) => !Object.hasOwn(own, key))).toEqual([])
  })

  it.each(names.filter((name) => name.includes(' ')))('%s belongs to a group', (name) => {
    expect(Object.keys(commandGroups)).toContain(sectionOf(name))
  })
})

describe('a variable', () => {
  it('is of one kind wherever it is read', () => {
    const kinds = new Map<string, Set<string>>()
    for (const [, { key, option }] of options) {
      const variable = variableOf(key, option)
      if (variable === undefined) continue
      kinds.set(variable, (kinds.get(variable) ?? new Set()).add(option.kind.wanted))
    }
    expect([...kinds].filter(([, wanted]) => wanted.size > 1)).toEqual([])
  })
})

describe('the reference', () => {
  it('has a row for each option and no other', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `--'))
    const own = names.flatMap((name) => Object.keys(commands[name].options))
    expect(rows).toHaveLength(own.length + Object.keys(globalOptions).length)
  })
})
