/**
 * The compiler's view of a user's file, for `carbontube check`: whether the chains fit. Loading a file
 * cannot tell, since loaders only strip the types. Uses the TypeScript of the user's own project, if
 * there is one; it is no dependency of ours.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CarbontubeError } from '../errors/errors.ts'
import type { CompilerDiagnostic, CompilerOptions, TypeScript } from './typescript-api.ts'

/** One finding of the compiler. */
export interface TypeFinding {
  /** `CT_CHAIN_DOES_NOT_FIT`, or the compiler's own: `TS2345`. */
  readonly code: string
  /** For a chain: the sentence alone (`"split-video" needs "videoUri", which nothing before it returns`). */
  readonly message: string
  /** For a chain: the types it is about, as TypeScript writes them; '' otherwise. */
  readonly types: string
  /** 1-based, in the checked file. */
  readonly line: number
  readonly column: number
}

/** What came out: not checked, with the reason, or findings (none: all is well). */
export type TypeCheck =
  | { readonly checked: false; readonly reason: string }
  | { readonly checked: true; readonly path: string; readonly findings: readonly TypeFinding[] }

/**
 * Runs the compiler over one file (strict, nothing written). Answers the misfits of chains if there are
 * any, since they explain the rest; every error in that file otherwise.
 *
 * @param path absolute
 */
export async function typeCheckPipelineFile(path: string): Promise<TypeCheck> {
  if (!/\.([cm]?ts|tsx)$/.test(path)) return { checked: false, reason: 'the file has no types' }
  const typescript = await findTypeScript(path)
  if (typeof typescript === 'string') return { checked: false, reason: typescript }

  const program = typescript.createProgram([path], optionsFor(typescript, path))
  const source = program.getSourceFile(path)
  if (source === undefined) return { checked: false, reason: 'TypeScript could not read the file' }
  const diagnostics = [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ]
  const findings = diagnostics.flatMap((one) => findingsOf(typescript, one))
  const misfits = findings.filter(({ code }) => code === misfitCode)
  return { checked: true, path, findings: misfits.length > 0 ? misfits : findings }
}

/**
 * The findings as one error for the command line; `undefined` when there is nothing to say.
 * CT_CHAIN_DOES_NOT_FIT when it is about a chain, CT_BAD_PIPELINE for other errors of the compiler.
 */
export function typeCheckError(result: TypeCheck): CarbontubeError | undefined {
  if (!result.checked) return undefined
  const [first, ...others] = result.findings
  if (first === undefined) return undefined
  const { path, findings } = result
  const file = relative(process.cwd(), path)
  const lines = findings.map((one) => `${file}:${one.line}:${one.column} ${one.message}`)
  const isMisfit = first.code === misfitCode
  return new CarbontubeError(
    isMisfit ? misfitCode : 'CT_BAD_PIPELINE',
    others.length === 0 ? (lines[0] ?? '') : `${findings.length} errors\n  ${lines.join('\n  ')}`,
    {
      hint: isMisfit
        ? `Types: ${first.types}`
        : 'The compiler says so; the file may run all the same.',
      details: { path, findings },
    },
  )
}

/**
 * The sentences in a message of the compiler, with the types they are about; none when it is not about
 * a chain. Reads `DoesNotFit<"…", { … }>` of `pipeline/chain-types.ts`.
 */
export function misfitsIn(message: string): { sentence: string; types: string }[] {
  const start = message.indexOf(opening)
  if (start === -1) return []
  const sentences: string[] = []
  let rest = message.slice(start + opening.length)
  for (;;) {
    const [literal] = /^(?:"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)/.exec(rest) ?? []
    if (literal === undefined) break
    sentences.push(unquoted(literal))
    rest = rest.slice(literal.length)
    if (rest.startsWith(' | ')) rest = rest.slice(' | '.length)
    else break
  }
  const types = rest.startsWith(', ') ? firstArgument(rest.slice(', '.length)) : ''
  return sentences.map((sentence) => ({ sentence, types }))
}

const misfitCode = 'CT_CHAIN_DOES_NOT_FIT'
const opening = 'DoesNotFit<'

function unquoted(literal: string): string {
  return literal.slice(1, -1).replaceAll(/\\(.)/g, '$1')
}

/** Up to the `>` that closes the type arguments; arrows (`=>`) do not count. */
function firstArgument(text: string): string {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '<') depth++
    if (text[index] !== '>' || text[index - 1] === '=') continue
    if (depth === 0) return text.slice(0, index)
    depth--
  }
  return text
}

function findingsOf(typescript: TypeScript, diagnostic: CompilerDiagnostic): TypeFinding[] {
  if (diagnostic.category !== typescript.DiagnosticCategory.Error) return []
  const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0)
  const place = { line: (at?.line ?? 0) + 1, column: (at?.character ?? 0) + 1 }
  const text = typescript.flattenDiagnosticMessageText(diagnostic.messageText, '\n')
  const misfits = misfitsIn(text)
  if (misfits.length === 0) {
    return [{ code: `TS${diagnostic.code}`, message: text, types: '', ...place }]
  }
  return misfits.map(({ sentence, types }) => {
    return { code: misfitCode, message: sentence, types, ...place }
  })
}

/** The user's TypeScript, or why there is none that can be used. */
async function findTypeScript(path: string): Promise<TypeScript | string> {
  let entry: string
  try {
    entry = createRequire(path).resolve('typescript')
  } catch {
    return 'TypeScript is not installed here: npm install --save-dev typescript@6'
  }
  const loaded = (await import(entry)) as { default?: TypeScript } & TypeScript
  const typescript = loaded.default ?? loaded
  // The compiler in Go (TypeScript 7) comes without this interface.
  if (typeof typescript.createProgram === 'function') return typescript
  return 'this TypeScript has no compiler interface: run `tsc --noEmit` instead'
}

/** The project's own options where there are some, made strict and silent. */
function optionsFor(typescript: TypeScript, path: string): CompilerOptions {
  const own = ownOptions(typescript, path)
  const { paths } = own as { paths?: object }
  return {
    ...own,
    ...{ noEmit: true, strict: true, skipLibCheck: true, noErrorTruncation: true },
    ...{ incremental: false, composite: false, declaration: false, emitDeclarationOnly: false },
    allowImportingTsExtensions: true,
    ...(canResolve('carbontube', path) ? {} : { paths: { ...ownTypes(), ...paths } }),
  }
}

function ownOptions(typescript: TypeScript, path: string): CompilerOptions {
  const config = typescript.findConfigFile(dirname(path), typescript.sys.fileExists)
  if (config !== undefined) {
    const { config: json } = typescript.readConfigFile(config, typescript.sys.readFile)
    return typescript.parseJsonConfigFileContent(json ?? {}, typescript.sys, dirname(config))
      .options
  }
  const { ScriptTarget, ModuleKind, ModuleResolutionKind } = typescript
  return {
    target: ScriptTarget['ES2023'] ?? ScriptTarget['ES2022'],
    module: ModuleKind['NodeNext'],
    moduleResolution: ModuleResolutionKind['NodeNext'],
    // Since TypeScript 6 nothing of @types is there without being asked for.
    ...(canResolve('@types/node', path) ? { types: ['node'] } : {}),
  }
}

/** The types of this copy, for a file in whose folder the package is not installed. */
function ownTypes(): Record<string, string[]> {
  const typesOf = (stem: string) => {
    const base = fileURLToPath(new URL(stem, import.meta.url))
    return [existsSync(`${base}.d.ts`) ? `${base}.d.ts` : `${base}.ts`]
  }
  return {
    carbontube: typesOf('../index'),
    'carbontube/storage': typesOf('../storage/index'),
    'carbontube/testing': typesOf('../testing/index'),
  }
}

function canResolve(name: string, from: string): boolean {
  return [...(createRequire(from).resolve.paths(name) ?? [])].some((folder) =>
    existsSync(join(folder, name, 'package.json')),
  )
}
