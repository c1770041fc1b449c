// A user's file: what is found in it, and what is said when it is not there, wrong or empty. Natively
// loaded files and other versions of Node are in test/e2e/loading.test.ts: here vitest does the imports.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPipelineFile, pickPhase, pickPipeline } from '../../src/cli/load-file.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { runInMemory } from '../../src/testing/run-in-memory.ts'
import { hashesTs, plainJs, projectFolder } from './project-folder.ts'

async function load(text: string, name = 'pipeline.ts') {
  return loadPipelineFile(join(projectFolder({ [name]: text }), name))
}

describe('what is found', () => {
  it('pipelines, exported phases and those of chains, each class once', async () => {
    const loaded = await load(hashesTs)
    expect(loaded.pipelines.map(({ name }) => name)).toEqual(['Hashes', 'OnlyHashes'])
    expect(loaded.phases.map(({ name }) => name)).toEqual(['Hash', 'Remove', 'Alone'])
    expect(loaded.nameless).toEqual(['Base'])
  })

  it('a default export', async () => {
    const { pipelines, phases } = await load(plainJs, 'pipeline.mjs')
    expect([pipelines.length, phases.length]).toEqual([1, 1])
  })

  it('the members of module.exports', async () => {
    const text = plainJs
      .replace(/import (.*) from 'carbontube'/, `const $1 = require('carbontube')`)
      .replace('export default class Hashes', 'module.exports.Hashes = class Hashes')
    const { pipelines, phases } = await load(text, 'pipeline.cjs')
    expect([pipelines.length, phases.length]).toEqual([1, 1])
  })

  it('phases alone', async () => {
    const text = `import { Phase } from 'carbontube'
      export class A extends Phase { readonly jobType = 'a'; execute() {} }`
    expect((await load(text)).phases).toHaveLength(1)
  })

  it('classes of this very copy of the library, although the folder has none', async () => {
    const { loader, phases } = await load(hashesTs)
    expect(loader).toBe('jiti')
    expect(phases[0]?.prototype).toBeInstanceOf(Phase)
  })

  it('what other TypeScript files of the user define', async () => {
    const folder = projectFolder({
      'pipeline.ts': `export { Hashes } from './lib/hashes.ts'`,
      'lib/hashes.ts': hashesTs,
    })
    const { pipelines } = await loadPipelineFile(join(folder, 'pipeline.ts'))
    expect(pipelines).toHaveLength(1)
  })

  it('classes that run', async () => {
    const hashes = pickPipeline(await load(hashesTs), 'hashes')
    const { output, logs } = await runInMemory(hashes, { path: 'a' })
    expect(output).toEqual({ path: 'a', sha: 'a' })
    expect(logs.map(({ message }) => message)).toEqual(['hello'])
  })

  it('with the compiled files in the project, not in a folder that everybody may write', async () => {
    const folder = projectFolder({ 'src/pipeline.ts': hashesTs })
    await loadPipelineFile(join(folder, 'src/pipeline.ts'))
    const cache = join(folder, 'node_modules/.cache/carbontube/jiti')
    expect(existsSync(cache) && readdirSync(cache).length).toBeGreaterThan(0)
  })
})

describe('what is refused', () => {
  const failing = (text: string, name?: string) => expect(load(text, name)).rejects

  it('a file that is not there, with the one that was meant', async () => {
    const folder = projectFolder({ 'pipeline.ts': hashesTs })
    await expect(loadPipelineFile(join(folder, 'pipelin.ts'))).rejects.toMatchObject({
      code: 'CT_FILE_NOT_FOUND',
      message: `there is no file ${folder}/pipelin.ts`,
      hint: `Did you mean ${folder}/pipeline.ts?`,
    })
    await expect(loadPipelineFile(join(folder, 'no/such/file.ts'))).rejects.toMatchObject({
      code: 'CT_FILE_NOT_FOUND',
    })
  })

  it('a folder', async () => {
    await expect(loadPipelineFile(projectFolder({}))).rejects.toMatchObject({
      code: 'CT_FILE_NOT_FOUND',
      message: expect.stringContaining('is not a file'),
    })
  })

  it('a file of another language', async () => {
    await failing('class A: pass', 'pipeline.py').toMatchObject({
      code: 'CT_FILE_NOT_LOADED',
      message: expect.stringContaining('pipeline.py is neither TypeScript nor JavaScript'),
    })
  })

  it('a syntax error, with its place', async () => {
    await failing('\n\nexport class A {\n  x = = 1\n}\n').toMatchObject({
      code: 'CT_FILE_NOT_LOADED',
      message: expect.stringMatching(/Unexpected token \(.*\/pipeline\.ts:4:6\)$/),
      details: { place: expect.stringMatching(/^\/.*\/pipeline\.ts:4:6$/) },
    })
  })

  it('a file that throws, with the place and the cause', async () => {
    await failing('interface A {\n  b: string\n}\nthrow new TypeError("no GPU")').toMatchObject({
      code: 'CT_FILE_NOT_LOADED',
      message: expect.stringMatching(/could not be loaded: no GPU \(.*\/pipeline\.ts:4:7\)$/),
      cause: { name: 'TypeError' },
    })
  })

  it('a file that throws what is no Error', async () => {
    await failing('throw "text"').toMatchObject({
      code: 'CT_FILE_NOT_LOADED',
      message: expect.stringContaining('it threw text'),
    })
  })

  it('an import that leads nowhere', async () => {
    await failing(`import { gpu } from 'no-such-package'\nexport const a = gpu`).toMatchObject({
      code: 'CT_FILE_NOT_LOADED',
      message: expect.stringMatching(/Cannot find module 'no-such-package'$/),
      hint: expect.stringContaining('Is the package installed'),
    })
  })

  it('a file without a pipeline, saying what it exports', async () => {
    await failing('export const a = 1, b = 2').toMatchObject({
      code: 'CT_NO_PIPELINE_IN_FILE',
      message: expect.stringMatching(/: it exports only a, b$/),
    })
    await failing('const a = 1').toMatchObject({
      message: expect.stringMatching(/: it exports nothing$/),
    })
  })

  it('a file whose only phase has no job type, naming it', async () => {
    const text = `import { Phase } from 'carbontube'
      export class Encode extends Phase { execute() {} }`
    await failing(text).toMatchObject({
      code: 'CT_NO_PIPELINE_IN_FILE',
      hint: expect.stringContaining('(Without a jobType or name: Encode.)'),
    })
  })

  it('a pipeline that is not well-formed, as it is', async () => {
    const text = hashesTs.replace(`'remove'`, `'Remove'`)
    await failing(text).toMatchObject({ code: 'CT_BAD_PIPELINE' })
  })

  it('an option that Phase.of does not know, as it is', async () => {
    const text = `import { Phase } from 'carbontube'
      export class A extends Phase.of({ jobType: 'a', timeuot: 5 }) { execute() {} }`
    await failing(text).toMatchObject({
      code: 'CT_BAD_PIPELINE',
      message: expect.stringContaining('did you mean "timeout"?'),
    })
  })
})

describe('pickPipeline', () => {
  it('takes the one of that name', async () => {
    expect(pickPipeline(await load(hashesTs), 'only-hashes').name).toBe('OnlyHashes')
  })

  it('takes the only one without a name', async () => {
    expect(pickPipeline(await load(plainJs, 'pipeline.mjs')).name).toBe('Hashes')
  })

  it.each<[string | undefined, string, string]>([
    ['hashs', 'no pipeline "hashs" in', 'It has: hashes, only-hashes; did you mean "hashes"?'],
    ['videos', 'no pipeline "videos" in', 'It has: hashes, only-hashes'],
    [undefined, 'which pipeline? There are several in', 'It has: hashes, only-hashes'],
  ])('refuses %s and names those that are there', async (name, message, hint) => {
    const loaded = await load(hashesTs)
    expect(() => pickPipeline(loaded, name)).toThrow(
      expect.objectContaining({
        code: 'CT_UNKNOWN_PIPELINE',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
        details: { path: loaded.path, known: ['hashes', 'only-hashes'] },
      }),
    )
  })

  it('says how to name one of several', async () => {
    const loaded = await load(hashesTs)
    expect(() => pickPipeline(loaded)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('`carbontube pipeline FILE NAME`') }),
    )
  })

  it('refuses a pipeline without a name, saying that it has none', async () => {
    const text = hashesTs.replace(/readonly name = '[^']*'/g, '')
    const loaded = await load(text)
    expect(() => pickPipeline(loaded)).toThrow(
      expect.objectContaining({
        code: 'CT_NO_PIPELINE_IN_FILE',
        message: expect.stringMatching(/no pipeline with a name: .*Hashes.* has none$/),
        hint: "Add it as a field of the class: name = 'my-pipeline'.",
      }),
    )
  })

  it('refuses a file with phases only', async () => {
    const text = `import { Phase } from 'carbontube'
      export class A extends Phase { readonly jobType = 'a'; execute() {} }`
    const loaded = await load(text)
    expect(() => pickPipeline(loaded, 'a')).toThrow(
      expect.objectContaining({ code: 'CT_NO_PIPELINE_IN_FILE' }),
    )
  })
})

describe('pickPhase', () => {
  it('takes the phase of a chain although it is not exported', async () => {
    expect(pickPhase(await load(hashesTs), 'remove').name).toBe('Remove')
  })

  it('names those that are there', async () => {
    const loaded = await load(hashesTs)
    expect(() => pickPhase(loaded, 'hahs')).toThrow(
      expect.objectContaining({
        code: 'CT_UNKNOWN_JOB_TYPE',
        hint: expect.stringMatching(/^It has: hash, remove, alone; did you mean "hash"\?/),
      }),
    )
  })

  it('is not in the way of a phase beside it that cannot be made', async () => {
    const loaded = await load(`${hashesTs}
      export class Broken extends Alone { constructor() { super(); throw new Error('no GPU') } }`)
    expect(pickPhase(loaded, 'alone').name).toBe('Alone')
  })
})
