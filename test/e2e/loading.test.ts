// Loading with the real runtime: which loader takes a file, and that the user's `import 'carbontube'` is
// the copy that runs, wherever the file lies. Run it under Node 24 too: there types are stripped natively.
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { hashesTs, plainJs, projectFolder } from '../cli/project-folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const native = Boolean(Reflect.get(process.features, 'typescript'))

const probe = `
  const { loadPipelineFile } = await import(process.argv[1] + '/dist/cli/load-file.js')
  const { Phase } = await import(process.argv[1] + '/dist/index.js')
  const { loader, phases } = await loadPipelineFile(process.argv[2])
  const isSameCopy = phases.every((one) => one.prototype instanceof Phase)
  console.log(JSON.stringify({ loader, phases: phases.length, isSameCopy }))
`

function load(folder: string, file: string): unknown {
  const args = ['--input-type=module', '-e', probe, pathToFileURL(root).href, join(folder, file)]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

function project({ isInstalled }: { isInstalled: boolean }): string {
  const folder = projectFolder({ 'pipeline.ts': hashesTs, 'pipeline.mjs': plainJs })
  if (!isInstalled) return folder
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules/carbontube'))
  return folder
}

describe('where the package is installed', () => {
  it('JavaScript is loaded natively', () => {
    const loaded = load(project({ isInstalled: true }), 'pipeline.mjs')
    expect(loaded).toEqual({ loader: 'native', phases: 1, isSameCopy: true })
  })

  it('TypeScript is loaded natively where the runtime strips types, by jiti elsewhere', () => {
    const loaded = load(project({ isInstalled: true }), 'pipeline.ts')
    expect(loaded).toEqual({ loader: native ? 'native' : 'jiti', phases: 3, isSameCopy: true })
  })
})

describe('in a package that `npm init` has made a CommonJS one', () => {
  it.each([
    ['pipeline.js', 1],
    ['pipeline.ts', 3],
  ])('%s is loaded all the same, by jiti', (file, phases) => {
    const folder = project({ isInstalled: true })
    writeFileSync(join(folder, 'package.json'), '{"type": "commonjs"}')
    writeFileSync(join(folder, 'pipeline.js'), plainJs)
    expect(load(folder, file)).toEqual({ loader: 'jiti', phases, isSameCopy: true })
  })
})

describe('where the package is not installed, as with npx', () => {
  it.each([
    ['pipeline.mjs', 1],
    ['pipeline.ts', 3],
  ])('%s is loaded by jiti, with the running copy', (file, phases) => {
    const loaded = load(project({ isInstalled: false }), file)
    expect(loaded).toEqual({ loader: 'jiti', phases, isSameCopy: true })
  })
})

describe('a syntax error in a natively loaded file', () => {
  it('has its line', () => {
    const folder = project({ isInstalled: true })
    const path = join(folder, 'wrong.mjs')
    const args = [join(root, 'dist/cli/main.js'), 'check', path, '--json']
    writeFileSync(path, '\nconst a = = 1\n')
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(status).toBe(3)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'CT_FILE_NOT_LOADED', details: { place: `${path}:2` } },
    })
  })
})

describe('a file that awaits at its top level what never settles', () => {
  it.each([
    ['natively', true],
    ['by jiti', false],
  ])('is told as one that cannot be loaded, when it is loaded %s', (_, isInstalled) => {
    const path = join(project({ isInstalled }), 'waits.mjs')
    writeFileSync(path, `await new Promise(() => {})\n${plainJs}`)
    const args = [join(root, 'dist/cli/main.js'), 'check', path]
    const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stderr).toContain(`CT_FILE_NOT_LOADED: ${path} could not be loaded: what it awaits`)
    expect(status).toBe(3)
  })
})
