// What a page prints compiles as it is printed: the blocks of a file, put together, under the tsconfig.json of the
// tutorial, against the package's own declarations as a stranger gets them (of `dist`). The page on backends explains
// parts of a class, and is none of these.
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync } from 'node:fs'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { regionOf } from '../../scripts/quoted-regions.mjs'
import { files, root, textOf } from '../repo/repository.ts'

const pages = files.filter((file) => /^(README|docs\/(tutorial|how-to\/.*))\.md$/.test(file))
const printed = new Set(
  pages.filter((page) => !page.endsWith('/write-a-backend.md')).flatMap(originsOf),
)
/** What the pages tell the reader to install, and the package itself. */
const installed = ['@types', 'better-sqlite3', 'json5', 'vitest']
const parts = ['index', 'storage/index', 'testing/index']

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'carbontube-printed-'))
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/carbontube'))
  for (const name of installed)
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `file#region` of the TypeScript that a page quotes. */
function originsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^<!-- from (examples\/\S+\.ts#\S+) -->$/gm)].map(
    ([, origin = '']) => origin,
  )
}

/** As somebody has it who copies block after block. Answers the paths. */
function copyAll(): string[] {
  const paths = [...printed].map((origin) => {
    const [file = '', region] = origin.split('#')
    const path = join(folder, file)
    mkdirSync(dirname(path), { recursive: true })
    appendFileSync(path, `${regionOf(textOf(file), region)}\n\n`)
    return path
  })
  // In place of `@types/better-sqlite3`.
  const types = join(folder, 'better-sqlite3.d.ts')
  copyFileSync(join(root, 'examples/tutorial/better-sqlite3.d.ts'), types)
  return [...new Set(paths), types]
}

/** Errors in the files of the pages and of the package: what others declare is theirs, and takes long. */
function errorsIn(paths: readonly string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(paths, options)
  const ours = program
    .getSourceFiles()
    .filter(
      ({ fileName }) => fileName.startsWith(folder) || fileName.startsWith(join(root, 'dist/')),
    )
  const errors = ours.flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ])
  return [...program.getOptionsDiagnostics(), ...errors].map(
    ({ file, messageText }) =>
      `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  )
}

describe('the code of the pages', () => {
  it('compiles as it is printed, with the options of the tutorial', () => {
    const { config } = ts.parseConfigFileTextToJson('', textOf('examples/tutorial/tsconfig.json'))
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
    expect(printed.size).toBeGreaterThan(15)
    expect(errorsIn(copyAll(), options)).toEqual([])
  }, 60_000)
})

describe('the declarations of the package', () => {
  it('need no types that a project has not asked for, as it is from TypeScript 6 on', () => {
    const paths = parts.map((part) => join(root, `dist/${part}.d.ts`))
    const { NodeNext } = ts.ModuleKind
    expect(errorsIn(paths, { module: NodeNext, strict: true, types: [], noEmit: true })).toEqual([])
  }, 60_000)
})
