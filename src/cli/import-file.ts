/**
 * Turns a user's file into a module: natively where the runtime can, through jiti otherwise. The
 * reasons are in docs/decisions/0004-loading-typescript.md.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Jiti } from 'jiti'
import { CarbontubeError, isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { firstOwnPlace } from '../runtime/place.ts'

/** Who turned the file into JavaScript. */
export type Loader = 'native' | 'jiti'

/**
 * Imports a file.
 *
 * @param path absolute; the file exists
 * @throws CT_FILE_NOT_LOADED with the message and place of what went wrong; an error of ours that the
 * file throws (`Phase.of` with an unknown option) comes through as it is
 */
export async function importFile(path: string): Promise<{ loader: Loader; exported: object }> {
  const loader = loaderFor(path)
  try {
    return { loader, exported: await ending(path, imported(path, loader)) }
  } catch (cause) {
    throw isCarbontubeError(cause) ? cause : notLoaded(path, cause)
  }
}

async function imported(path: string, loader: Loader): Promise<object> {
  if (loader === 'native') return (await import(pathToFileURL(path).href)) as object
  return (await jitiFor(path)).import<object>(path)
}

/** With nothing left that could settle what the file awaits, Node would end here without a word. */
async function ending(path: string, loading: Promise<object>): Promise<object> {
  let give: () => void = () => undefined
  const given = new Promise<never>((_, reject) => {
    give = () => reject(neverLoaded(path))
  })
  process.once('beforeExit', give)
  try {
    return await Promise.race([loading, given])
  } finally {
    process.off('beforeExit', give)
  }
}

function neverLoaded(path: string): CarbontubeError {
  const message = `${path} could not be loaded: what it awaits at its top level never settles`
  return new CarbontubeError('CT_FILE_NOT_LOADED', message, {
    hint: 'Wait for it in `initialize` of the pipeline or `setup` of the phase, and see that it ends.',
    details: { path },
  })
}

/** The folder of the nearest package.json, or `from` without one. */
export function projectFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (dirname(folder) === folder) return from
  }
}

/**
 * Native needs two things: JavaScript, or a runtime that strips types; and that the file itself can
 * find `carbontube`, which it cannot when the command was started by `npx` or installed globally.
 */
function loaderFor(path: string): Loader {
  const extension = extname(path)
  const stripsTypes = Boolean(Reflect.get(process.features, 'typescript'))
  const isPlain = /^\.[cm]?js$/.test(extension) || (/^\.[cm]?ts$/.test(extension) && stripsTypes)
  if (isPlain) return canResolve('carbontube', path) && !isCommonJs(path) ? 'native' : 'jiti'
  if (/^\.([cm]?ts|[jt]sx)$/.test(extension)) return 'jiti'
  throw new CarbontubeError('CT_FILE_NOT_LOADED', `${path} is neither TypeScript nor JavaScript`, {
    hint: 'Name it .ts, .mts, .js or .mjs.',
    details: { path },
  })
}

/**
 * `npm init` writes "type": "commonjs", and then Node refuses the `import` of a plain .ts or .js file.
 * jiti takes either kind.
 */
function isCommonJs(path: string): boolean {
  if (!/^\.[jt]s$/.test(extname(path))) return false
  const manifest = join(projectFolder(dirname(path)), 'package.json')
  if (!existsSync(manifest)) return false
  const { type } = JSON.parse(readFileSync(manifest, 'utf8')) as { type?: unknown }
  return type === 'commonjs'
}

function canResolve(name: string, from: string): boolean {
  try {
    createRequire(from).resolve(name)
    return true
  } catch {
    return false
  }
}

/**
 * `import 'carbontube'` in the user's file gives the modules that run here, as they are, wherever the
 * file lies and whether or not the package is installed there: one copy, so `instanceof` holds as well.
 */
async function jitiFor(path: string): Promise<Jiti> {
  // Loaded when it is needed: it takes longer than everything else that a plain file wants.
  const { createJiti } = await import('jiti')
  const virtualModules = {
    carbontube: await ownModule('../index'),
    'carbontube/storage': await ownModule('../storage/index'),
    'carbontube/testing': await ownModule('../testing/index'),
  }
  // The cache lies in the user's project: one in a shared /tmp could be written by somebody else.
  const fsCache = join(projectFolder(dirname(path)), 'node_modules/.cache/carbontube/jiti')
  return createJiti(path, { fsCache, virtualModules, interopDefault: false })
}

/** A module of this copy by a computed name, since nothing but these three is public. */
async function ownModule(stem: string): Promise<object> {
  const url = new URL(`${stem}${extname(import.meta.url)}`, import.meta.url)
  return (await import(url.href)) as object
}

function notLoaded(path: string, cause: unknown): CarbontubeError {
  const isError = cause instanceof Error
  const [reason = ''] = (isError ? cause.message : `it threw ${String(cause)}`).split('\n')
  const place = isError ? placeOf(path, cause) : undefined
  const where = place === undefined ? '' : ` (${place})`
  return new CarbontubeError(
    'CT_FILE_NOT_LOADED',
    `${path} could not be loaded: ${reason.trim()}${where}`,
    {
      hint: hintFor(cause),
      details: { path, ...given({ place }) },
      cause,
    },
  )
}

function hintFor(cause: unknown): string {
  const code = (cause as { code?: unknown } | null | undefined)?.code
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    return 'Is the package installed, and does a relative import say its extension (./x.ts)?'
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Node only strips types: no enum, namespace, decorator or parameter property.'
  }
  return 'Correct the file; `carbontube check FILE` loads it and does nothing else.'
}

/** `file:line:column` (or `file:line`) of a parse error or of the first frame in the user's own code. */
function placeOf(path: string, error: Error): string | undefined {
  const code: unknown = Reflect.get(error, 'code')
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') return undefined
  const text = `${error.message}\n${error.stack ?? ''}`
  const place = firstOwnPlace(text)
  if (place !== undefined) return place
  return error instanceof SyntaxError ? placeOfSyntaxError(path) : undefined
}

/** V8 tells the place of a syntax error only to whoever prints it: let a second Node print it. */
function placeOfSyntaxError(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' })
  const [, place] = /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(stderr) ?? []
  return place
}
