// The compiler over a user's file: sentences where a chain does not fit, and honest silence where there
// is no compiler. Each check takes a second or two.
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { typeCheckError, typeCheckPipelineFile } from '../../src/cli/type-check.ts'
import { hashesTs, projectFolder } from './project-folder.ts'

const nodeModules = fileURLToPath(new URL('../../node_modules', import.meta.url))
const misfit = hashesTs.replace('sha: string', 'size: number')
const limit = { timeout: 60_000 }

/** A folder in which the compiler and Node's types are installed, but not carbontube. */
function projectWith(text: string, tsconfig?: object): string {
  const config = tsconfig === undefined ? {} : { 'tsconfig.json': JSON.stringify(tsconfig) }
  const folder = projectFolder({ 'pipeline.ts': text, ...config })
  symlinkSync(nodeModules, join(folder, 'node_modules'))
  return join(folder, 'pipeline.ts')
}

describe('typeCheckPipelineFile', () => {
  it('finds nothing in a file that fits', limit, async () => {
    const result = await typeCheckPipelineFile(projectWith(hashesTs))
    expect(result).toMatchObject({ checked: true, findings: [] })
    expect(typeCheckError(result)).toBeUndefined()
  })

  it('knows the types of Node in a project without a tsconfig.json', limit, async () => {
    // Without an import of carbontube, whose sources would bring the types of Node along.
    const text = `import { readFileSync } from 'node:fs'\nvoid [readFileSync, process.env]\n`
    expect(await typeCheckPipelineFile(projectWith(text))).toMatchObject({ findings: [] })
  })

  it('says why a chain does not fit, and only that', limit, async () => {
    const path = projectWith(`${misfit}\nconst other: string = 5\n`)
    const result = await typeCheckPipelineFile(path)
    const message = '"remove" needs "size", which nothing before it returns'
    const types = '{ jobHasHere: { path: string; sha: string; }; }'
    expect(result).toEqual({
      checked: true,
      path,
      findings: [{ code: 'CT_CHAIN_DOES_NOT_FIT', message, types, line: 21, column: 33 }],
    })
    expect(typeCheckError(result)).toMatchObject({
      code: 'CT_CHAIN_DOES_NOT_FIT',
      exit: 3,
      message: expect.stringMatching(/pipeline\.ts:21:33 "remove" needs "size", which nothing/),
      hint: `Types: ${types}`,
    })
  })

  it('gives the other errors of the file when its chains fit', limit, async () => {
    const config = { compilerOptions: { module: 'nodenext', target: 'es2022', strict: false } }
    const text = `${hashesTs}\nconst a: string = 5\nconst b: number = ''\nvoid [a, b]\n`
    const result = await typeCheckPipelineFile(projectWith(text, config))
    expect(result).toMatchObject({
      findings: [
        { code: 'TS2322', message: "Type 'number' is not assignable to type 'string'." },
        { code: 'TS2322' },
      ],
    })
    expect(typeCheckError(result)).toMatchObject({
      code: 'CT_BAD_PIPELINE',
      message: expect.stringMatching(/^2 errors\n.*pipeline\.ts:29:7 Type 'number'/),
    })
  })

  it('says that TypeScript is not installed', async () => {
    const folder = projectFolder({ 'pipeline.ts': hashesTs })
    const result = await typeCheckPipelineFile(join(folder, 'pipeline.ts'))
    expect(result).toEqual({
      checked: false,
      reason: 'TypeScript is not installed here: npm install --save-dev typescript@6',
    })
    expect(typeCheckError(result)).toBeUndefined()
  })

  it('says that this TypeScript has no compiler interface', async () => {
    const folder = projectFolder({
      'pipeline.ts': hashesTs,
      'node_modules/typescript/package.json': '{"main":"index.cjs"}',
      'node_modules/typescript/index.cjs': 'module.exports = { version: "7.0.0" }',
    })
    const result = await typeCheckPipelineFile(join(folder, 'pipeline.ts'))
    expect(result).toMatchObject({
      checked: false,
      reason: expect.stringContaining('tsc --noEmit'),
    })
  })

  it('says that JavaScript has no types', async () => {
    expect(await typeCheckPipelineFile('/x/pipeline.mjs')).toMatchObject({ checked: false })
  })
})
