// Compiles the simulator with the parts of `src` that it runs into a folder, file by file. A mutant is the
// same build with a few lines of the source changed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { root } from './run-step.mjs'

const folders = [
  'sim',
  'src/core',
  'src/wire',
  'src/errors',
  'src/language',
  'src/audit',
  'src/storage',
]
const compilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2023,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
}

/**
 * @param {string} outFolder
 * @param {readonly { file: string, find: string, replace: string }[]} changes `find` must occur once.
 */
export function buildSim(outFolder, changes = []) {
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const file = `${folder}/${name}`.replaceAll('\\', '/')
      if (file.endsWith('.ts') && !file.endsWith('.d.ts')) build(outFolder, file, changes)
    }
  }
  writeFileSync(join(outFolder, 'package.json'), '{ "type": "module" }\n')
}

function build(outFolder, file, changes) {
  let source = readFileSync(join(root, file), 'utf8')
  for (const change of changes) if (change.file === file) source = changed(source, change)
  const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: file })
  const target = join(outFolder, file.replace(/\.ts$/, '.js'))
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, outputText)
}

function changed(source, { file, find, replace }) {
  const parts = source.split(find)
  if (parts.length === 2) return parts.join(replace)
  throw new Error(`${file} has ${parts.length - 1} places with: ${find}`)
}
