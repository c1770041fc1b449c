// Runs the compiler over good/ (no error at all) and bad/ (each file has the sentence of its first line
// among its errors, and nothing but errors it is about). Sentences are compared as a user should read
// them, so this also tests how `carbontube check` takes them out of the compiler's message.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { misfitsIn } from '../../src/cli/type-check.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const filesIn = (name: string) =>
  readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, name, file))
const good = filesIn('good')
const bad = filesIn('bad')

const base = join(folder, '../../tsconfig.base.json')
const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(base, ts.sys.readFile).config,
  ts.sys,
  folder,
)
const program = ts.createProgram([...good, ...bad], {
  ...options,
  ...{ noEmit: true, composite: false, declaration: false, incremental: false },
  ...{ noErrorTruncation: true, types: ['node'] },
})

function errorsOf(path: string): string[] {
  const source = program.getSourceFile(path)
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

describe('what fits', () => {
  it.each(good.map((path) => [basename(path), path]))(
    '%s compiles',
    (_, path) => {
      expect(errorsOf(path)).toEqual([])
      // The first one waits for the compiler to have looked at everything.
    },
    60_000,
  )
})

describe('what does not fit', () => {
  it.each(bad.map((path) => [basename(path), path]))('%s says why', (_, path) => {
    const [, expected = ''] = /^\/\/ expect: (.*)/.exec(readFileSync(path, 'utf8')) ?? []
    const errors = errorsOf(path)
    expect(expected).not.toBe('')
    expect(errors).toHaveLength(1)

    const misfits = errors.flatMap(misfitsIn)
    if (misfits.length > 0) expect(misfits.map(({ sentence }) => sentence)).toContain(expected)
    else expect(errors.join('\n')).toContain(expected)
  })

  it('names the types it is about', () => {
    const path = bad.find((one) => one.endsWith('wants-another-type.ts')) ?? ''
    const [misfit] = errorsOf(path).flatMap(misfitsIn)
    expect(misfit?.types).toBe('{ videoUri: { wants: string; gets: number; }; }')
  })
})

describe('misfitsIn', () => {
  it('finds nothing in other messages', () => {
    expect(misfitsIn("Type 'string' is not assignable to type 'number'.")).toEqual([])
  })

  it('finds every sentence of a union, and types with arrows and type arguments in them', () => {
    const text = 'DoesNotFit<"\\"a\\" needs \\"b\\"" | `"a" needs "c"`, { x: () => Map<1, 2>; }>\'.'
    const types = '{ x: () => Map<1, 2>; }'
    expect(misfitsIn(text)).toEqual([
      { sentence: '"a" needs "b"', types },
      { sentence: '"a" needs "c"', types },
    ])
  })
})
