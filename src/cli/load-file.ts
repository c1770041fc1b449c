/**
 * Loads the file in which a user defines phases and pipelines: what it exports, which of that is ours,
 * and how one is picked by name. How the file becomes JavaScript is in `import-file.ts`.
 */
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CarbontubeError } from '../errors/errors.ts'
import { compilePipeline } from '../pipeline/compile.ts'
import { closest, didYouMean } from '../errors/did-you-mean.ts'
import { isPhaseClass, type PhaseClass } from '../pipeline/phase.ts'
import { isPipelineClass, type PipelineClass } from '../pipeline/pipeline.ts'
import { importFile, type Loader } from './import-file.ts'

/** What a user's file defines. */
export interface LoadedFile {
  /** Absolute. */
  readonly path: string
  /** Who turned it into JavaScript. */
  readonly loader: Loader
  /** Exported ones that have a name. */
  readonly pipelines: readonly PipelineClass[]
  /** Exported ones that have a job type, and those of the pipelines' chains; each class once. */
  readonly phases: readonly PhaseClass[]
  /** Exported classes without a name or job type: bases of others, or somebody forgot it. */
  readonly nameless: readonly string[]
  /** Those of them that are pipelines. */
  readonly namelessPipelines: readonly string[]
}

/**
 * Loads a file and looks at what it exports; a `default` export counts too.
 *
 * @param file absolute, or from the working directory
 * @throws CT_FILE_NOT_FOUND, CT_FILE_NOT_LOADED (it throws or does not parse), CT_NO_PIPELINE_IN_FILE,
 * CT_BAD_PIPELINE when a pipeline in it is not well-formed
 */
export async function loadPipelineFile(file: string): Promise<LoadedFile> {
  const path = resolve(file)
  checkIsFile(path)
  const { loader, exported } = await importFile(path)
  const members = Object.entries(exported).flatMap(membersOf)

  const named = classesIn(members, isPipelineClass, 'name')
  const typed = classesIn(members, isPhaseClass, 'jobType')
  const chained = named.classes.flatMap((one) => [...compilePipeline(one).phaseClasses])
  // As they follow each other in chains; a module's exports come in the order of the alphabet.
  const phases = [...new Set([...chained, ...typed.classes])]
  const nameless = [...named.nameless, ...typed.nameless]
  const found = { pipelines: named.classes, phases, nameless, namelessPipelines: named.nameless }
  if (phases.length === 0 && named.nameless.length > 0)
    throw noPipelineIn({ path, loader, ...found })
  if (phases.length === 0) throw nothingIn(path, Object.keys(exported), nameless)
  return { path, loader, ...found }
}

/**
 * The pipeline of that name, or the only one there is.
 *
 * @throws CT_UNKNOWN_PIPELINE naming what the file has, CT_NO_PIPELINE_IN_FILE when it has none
 */
export function pickPipeline(loaded: LoadedFile, name?: string): PipelineClass {
  const byName = new Map(loaded.pipelines.map((one) => [textOf(one, 'name'), one]))
  const names = [...byName.keys()]
  const [only] = loaded.pipelines
  if (only === undefined) throw noPipelineIn(loaded)
  if (name === undefined && loaded.pipelines.length === 1) return only
  const found = name === undefined ? undefined : byName.get(name)
  if (found !== undefined) return found

  const what = name === undefined ? 'which pipeline? There are several' : `no pipeline "${name}"`
  throw new CarbontubeError('CT_UNKNOWN_PIPELINE', `${what} in ${loaded.path}`, {
    hint: hintOf(`It has: ${names.join(', ')}${whichOne(name, names)}`, loaded),
    details: { path: loaded.path, known: names },
  })
}

function whichOne(name: string | undefined, names: readonly string[]): string {
  if (name !== undefined) return didYouMean(name, names)
  return '. Say which after the file: `carbontube pipeline FILE NAME`.'
}

function noPipelineIn({ path, nameless, namelessPipelines }: LoadedFile): CarbontubeError {
  if (namelessPipelines.length === 0) {
    return new CarbontubeError('CT_NO_PIPELINE_IN_FILE', `${path} exports no pipeline`, {
      hint: hintOf('It exports phases only; add a class that extends Pipeline.', { nameless }),
      details: { path },
    })
  }
  const classes = namelessPipelines.join(', ')
  const message = `${path} exports no pipeline with a name: ${classes} has none`
  return new CarbontubeError('CT_NO_PIPELINE_IN_FILE', message, {
    hint: "Add it as a field of the class: name = 'my-pipeline'.",
    details: { path, namelessPipelines },
  })
}

/**
 * The phase of that job type.
 *
 * @throws CT_UNKNOWN_JOB_TYPE naming what the file has
 */
export function pickPhase(loaded: LoadedFile, jobType: string): PhaseClass {
  const byType = new Map(loaded.phases.map((one) => [textOf(one, 'jobType'), one]))
  const found = byType.get(jobType)
  if (found !== undefined) return found

  const known = [...byType.keys()]
  throw new CarbontubeError('CT_UNKNOWN_JOB_TYPE', `no phase "${jobType}" in ${loaded.path}`, {
    hint: hintOf(`It has: ${known.join(', ')}${didYouMean(jobType, known)}`, loaded),
    details: { path: loaded.path, known },
  })
}

function checkIsFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isFile() === true) return
  const near = stats === undefined ? nearFile(path) : undefined
  const what = stats === undefined ? `there is no file ${path}` : `${path} is not a file`
  throw new CarbontubeError('CT_FILE_NOT_FOUND', what, {
    hint: near ?? 'Give the path of the file that exports your pipeline class.',
    details: { path },
  })
}

function nearFile(path: string): string | undefined {
  try {
    const near = closest(basename(path), readdirSync(dirname(path)))
    return near === undefined ? undefined : `Did you mean ${join(dirname(path), near)}?`
  } catch {
    return undefined
  }
}

/** An export; for a CommonJS file the members of its `default`, which is its `module.exports`. */
function membersOf([name, value]: [string, unknown]): unknown[] {
  const isBag = name === 'default' && typeof value === 'object' && value !== null
  return isBag ? Object.values(value) : [value]
}

interface Sorted<T> {
  readonly classes: readonly T[]
  readonly nameless: readonly string[]
}

function classesIn<T extends new () => object>(
  found: readonly unknown[],
  is: (value: unknown) => value is T,
  field: 'name' | 'jobType',
): Sorted<T> {
  const all = [...new Set(found.filter(is))]
  const isNamed = (one: T) => textOf(one, field) !== ''
  return {
    classes: all.filter(isNamed),
    nameless: all.filter((one) => !isNamed(one)).map((one) => one.name),
  }
}

/**
 * A field of an instance, '' when it is not set. A class that cannot be made answers its own name: one
 * broken class must not hide the others, and compiling it says what is wrong.
 */
function textOf(one: new () => object, field: 'name' | 'jobType'): string {
  try {
    const value: unknown = Reflect.get(new one(), field)
    return typeof value === 'string' ? value : value === undefined ? '' : one.name
  } catch {
    return one.name
  }
}

function nothingIn(path: string, names: string[], nameless: readonly string[]): CarbontubeError {
  const has = names.length === 0 ? 'exports nothing' : `exports only ${names.join(', ')}`
  const first = 'Write `export class MyPipeline extends Pipeline { … }` there.'
  return new CarbontubeError('CT_NO_PIPELINE_IN_FILE', `no pipeline in ${path}: it ${has}`, {
    hint: hintOf(first, { nameless }),
    details: { path, exports: names },
  })
}

function hintOf(text: string, { nameless }: Pick<LoadedFile, 'nameless'>): string {
  if (nameless.length === 0) return text
  return `${text} (Without a jobType or name: ${nameless.join(', ')}.)`
}
