/** Rules for every file of the repository that no other tool of ours looks after. */
import { describe, expect, it } from 'vitest'
import { files, linesThatMatch, textOf } from './repository.ts'

/** Pictures have no lines. */
const ours = files.filter((file) => file !== 'package-lock.json' && !file.endsWith('.png'))
const code = ours.filter((file) => /\.(ts|mjs|cjs)$/.test(file))
const isThisFolder = (file: string) => file.startsWith('test/repo/')

describe('the code', () => {
  it('runs all of its tests: no `.only`', () => {
    const tests = code.filter((file) => file.startsWith('test/') && !isThisFolder(file))
    expect(linesThatMatch(/\b(it|test|describe)(\.\w+)*\.only\b/, tests)).toEqual([])
  })

  it('has no TODO without the number of an issue', () => {
    const texts = ours.filter(isText)
    const among = texts.filter((file) => !isThisFolder(file) && file !== 'CONTRIBUTING.md')
    expect(linesThatMatch(/\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/, among)).toEqual([])
  })

  it('exempts itself from a size only in .oxlintrc.json', () => {
    expect(linesThatMatch(/(oxlint|eslint)-disable.*max-/, code.filter(not(isThisFolder)))).toEqual(
      [],
    )
  })

  it('says why, wherever a comment switches a rule or the compiler off', () => {
    const silenced = /(oxlint|eslint)-disable|@ts-(ignore|expect-error|nocheck)/
    const among = code.filter(not(isThisFolder))
    const unexplained = linesThatMatch(silenced, among).filter((line) => !/ -- \S/.test(line))
    expect(unexplained).toEqual([])
  })

  it('has files named for a concept, none called utils, common, helpers, types or lib', () => {
    const vague = code.filter((file) =>
      /(^|\/)(utils?|common|helpers?|types|lib)(\.[a-z.]+)$/.test(file),
    )
    expect(vague).toEqual([])
  })

  it('opens every script with the reason why it exists', () => {
    const scripts = code.filter((file) => /^(scripts|bench)\/[^/]+\.mjs$/.test(file))
    expect(scripts.filter((file) => !/^(\/\/|\/\*\*|#!)/.test(textOf(file)))).toEqual([])
  })
})

describe('the public API', () => {
  it('is a list: no `export *` in an entry point', () => {
    const entries = ['src/index.ts', 'src/storage/index.ts', 'src/testing/index.ts'].filter(
      (file) => files.includes(file),
    )
    expect(linesThatMatch(/^\s*export\s+(type\s+)?\*/, entries)).toEqual([])
  })
})

describe('the repository', () => {
  it('names no folder of the machine it is written on', () => {
    const elsewhere = new RegExp(['/wo' + 'rk/', 'shared' + '/design'].join('|'))
    expect(linesThatMatch(elsewhere, ours.filter(isText))).toEqual([])
  })

  it('holds no big files: a megabyte is a release asset', () => {
    expect(ours.filter((file) => textOf(file).length > 1024 * 1024)).toEqual([])
  })
})

function not(predicate: (file: string) => boolean): (file: string) => boolean {
  return (file) => !predicate(file)
}

function isText(file: string): boolean {
  return !textOf(file).includes('\0')
}
