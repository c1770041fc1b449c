/**
 * Loads the file in which a user defines phases and pipelines: natively where the runtime can, through
 * jiti otherwise. See docs/decisions/0004-loading-typescript.md.
 */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createJiti } from 'jiti'
import { CarbontubeError } from '../errors/errors.ts'
import { compilePhase, compilePipeline } from '../pipeline/compile.ts'
import { didYouMean } from '../pipeline/did-you-mean.ts'
import { isPhaseClass, type PhaseClass } from '../pipeline/phase.ts'
import { isPipelineClass, type PipelineClass } from '../pipeline/pipeline.ts'

export interface LoadedFile {
  readonly path: string
  /** Who turned it into JavaScript. */
  readonly loader: 'native' | 'jiti'
  readonly pipelines: readonly PipelineClass[]
  /** Exported ones, and those of the pipelines' chains. */
  readonly phases: readonly PhaseClass[]
}

/** @throws CT_FILE_NOT_FOUND, CT_FILE_NOT_LOADED, CT_NO_PIPELINE_IN_FILE */
export async function loadPipelineFile(file: string): Promise<LoadedFile> {
  const path = resolve(file)
  if (!existsSync(path)) {
    throw new CarbontubeError('CT_FILE_NOT_FOUND', `there is no file ${path}`, {
      hint: 'Give the path of the file that exports your pipeline class.',
      details: { path },
    })
  }
  const isNative = !/\.[cm]?tsx?$/.test(path) || Reflect.get(process.features, 'typescript')
  const loader = isNative ? 'native' : 'jiti'
  const exported = Object.values(await importFile(path, loader))
  const pipelines = exported.filter(isPipelineClass)
  const chained = pipelines.flatMap((pipeline) => [...compilePipeline(pipeline).phaseClasses])
  const phases = [...new Set([...exported.filter(isPhaseClass), ...chained])]
  if (phases.length === 0) {
    throw new CarbontubeError(
      'CT_NO_PIPELINE_IN_FILE',
      `${path} exports no pipeline and no phase`,
      {
        hint: 'Write `export class MyPipeline extends Pipeline { … }` there.',
        details: { path },
      },
    )
  }
  return { path, loader, pipelines, phases }
}

/** The pipeline of that name, or the only one. @throws CT_UNKNOWN_PIPELINE, CT_NO_PIPELINE_IN_FILE */
export function pickPipeline(loaded: LoadedFile, name?: string): PipelineClass {
  const byName = new Map(loaded.pipelines.map((one) => [compilePipeline(one).spec.name, one]))
  const names = [...byName.keys()]
  const [only] = loaded.pipelines
  if (only === undefined) {
    throw new CarbontubeError('CT_NO_PIPELINE_IN_FILE', `${loaded.path} exports no pipeline`)
  }
  if (name === undefined && names.length === 1) return only
  const found = name === undefined ? undefined : byName.get(name)
  if (found !== undefined) return found
  const what = name === undefined ? 'the file has several pipelines' : `no pipeline "${name}"`
  throw new CarbontubeError('CT_UNKNOWN_PIPELINE', `${what} in ${loaded.path}`, {
    hint: `It has: ${names.join(', ')}${didYouMean(name ?? '', names)}`,
    details: { known: names },
  })
}

/** @throws CT_UNKNOWN_JOB_TYPE */
export function pickPhase(loaded: LoadedFile, jobType: string): PhaseClass {
  const byType = new Map(loaded.phases.map((one) => [compilePhase(one).spec.jobType, one]))
  const found = byType.get(jobType)
  if (found !== undefined) return found
  const known = [...byType.keys()]
  throw new CarbontubeError('CT_UNKNOWN_JOB_TYPE', `no phase "${jobType}" in ${loaded.path}`, {
    hint: `It has: ${known.join(', ')}${didYouMean(jobType, known)}`,
    details: { known },
  })
}

async function importFile(path: string, loader: LoadedFile['loader']): Promise<object> {
  try {
    if (loader === 'native') return (await import(pathToFileURL(path).href)) as object
    return await jitiFor(path).import<object>(path)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CarbontubeError('CT_FILE_NOT_LOADED', `${path} could not be loaded: ${reason}`, {
      hint: 'Run it through your compiler or `node` to see the whole error.',
      details: { path },
      cause,
    })
  }
}

/** The user's `import 'carbontube'` is this very copy, wherever the file lies. */
function jitiFor(path: string): ReturnType<typeof createJiti> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const alias = {
    'carbontube/testing': here('../testing/index.js'),
    carbontube: here('../index.js'),
  }
  // The cache lies in the user's project: one in a shared /tmp could be written by somebody else.
  const fsCache = join(projectFolder(dirname(path)), 'node_modules/.cache/carbontube')
  return createJiti(path, { fsCache, alias, nativeModules: ['carbontube'], interopDefault: false })
}

function projectFolder(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (dirname(folder) === folder) return from
  }
}
