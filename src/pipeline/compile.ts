/**
 * From the classes a user writes to the plain data the core knows (`core/spec.ts`). Everything that can
 * be wrong with a class is found here, before a socket is opened or a job is taken, in words that name
 * the class and the field.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { PhaseSpec, PipelineSpec } from '../core/spec.ts'
import { checkMethodNames, checkPlainFields } from './class-checks.ts'
import { isPhaseClass, type PhaseClass, type PhaseInstance } from './phase.ts'
import {
  badPhase,
  type phaseOptionNames,
  readConcurrency,
  readRetry,
  readTimeoutMs,
} from './phase-options.ts'
import {
  isPipelineClass,
  type Pipeline,
  type PipelineClass,
  type PipelineLife,
} from './pipeline.ts'
import { isStandardSchema, validateWithSchema, type Validation } from './schema.ts'
import type { Instructions } from './travel.ts'

/** A phase class, checked. */
export interface CompiledPhase {
  readonly spec: PhaseSpec
  readonly phaseClass: PhaseClass
  /** Jobs at once in one worker process. */
  readonly concurrency: number
  /** Checks the job before `execute`, which gets the schema's output; the job itself stays as it is. */
  readonly input?: StandardSchemaV1
}

/** A pipeline class, checked. */
export interface CompiledPipeline {
  readonly spec: PipelineSpec
  /** In order; a class may be there twice. */
  readonly phaseClasses: readonly PhaseClass[]
  readonly phases: readonly CompiledPhase[]
  /** Of `accepts(schema)`: checks a job at the door, and changes nothing in it. */
  readonly inputSchema?: StandardSchemaV1
  /** As constructed; `initialize` has not been called. */
  readonly instance: Pipeline & PipelineLife
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/

/**
 * Checks a pipeline class and its phases.
 *
 * @throws CT_BAD_PIPELINE naming the class, the field and what to write instead
 */
export function compilePipeline(pipelineClass: PipelineClass): CompiledPipeline {
  if (!isPipelineClass(pipelineClass)) {
    throw badPhase(`${shownClass(pipelineClass)} is not a pipeline class`, {
      hint: 'A pipeline is a class that extends Pipeline; pass the class, not an instance.',
    })
  }
  const instance = construct(pipelineClass)
  const who = `pipeline ${pipelineClass.name || '(anonymous class)'}`
  checkPlainFields(instance, { name: isText, phases: isThing, backend: isThing }, who)
  checkMethodNames(instance, ['initialize'], who)
  checkName(instance.name, 'name', who)

  const { classes, input } = chainOf(instance, who)
  const phases = classes.map(compilePhase)
  checkJobTypes(phases, instance.name)
  return {
    spec: { name: instance.name, phases: phases.map(({ spec }) => spec) },
    phaseClasses: classes,
    phases,
    ...(input === undefined ? {} : { inputSchema: input }),
    instance,
  }
}

/**
 * Checks a phase class.
 *
 * @throws CT_BAD_PIPELINE naming the class, the field and what to write instead
 */
export function compilePhase(phaseClass: PhaseClass): CompiledPhase {
  if (!isPhaseClass(phaseClass)) {
    throw badPhase(`${shownClass(phaseClass)} is not a phase class`, {
      hint: 'A phase is a class that extends Phase; pass the class, not an instance.',
    })
  }
  const phase = construct(phaseClass)
  const className = `phase ${phaseClass.name || '(anonymous class)'}`
  checkPlainFields(phase, plausible, className)
  checkName(phase.jobType, 'jobType', className)
  const who = `phase "${phase.jobType}"`
  checkMethodNames(phase, ['execute', 'setup', 'teardown'], who)
  checkMethods(phase, who)

  const { input } = phase
  if (input !== undefined && !isStandardSchema(input)) {
    throw badPhase(`${who}: input is not a Standard Schema`, {
      hint: 'Use a schema of zod 3.24 or later, valibot 1, arktype 2, or another Standard Schema.',
    })
  }
  return {
    spec: {
      jobType: phase.jobType,
      retry: readRetry(phase.retry, who),
      timeoutMs: readTimeoutMs(phase.timeout, who),
    },
    phaseClass,
    concurrency: readConcurrency(phase.concurrency, who),
    ...(input === undefined ? {} : { input }),
  }
}

/**
 * The check at the door, against the schema of `accepts` and that of the first phase: the instructions
 * as they came, or one line per issue. Schemas only look here; see `accepts`.
 */
export async function checkInstructions(
  compiled: CompiledPipeline,
  instructions: Instructions,
): Promise<Validation<Instructions>> {
  for (const schema of [compiled.inputSchema, compiled.phases[0]?.input]) {
    if (schema === undefined) continue
    const answer = await validateWithSchema(schema, instructions)
    if (!answer.ok) return answer
  }
  return { ok: true, value: instructions }
}

function construct<T extends object>(madeOf: new () => T): T {
  try {
    return new madeOf()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw badPhase(`new ${madeOf.name || '(anonymous class)'}() threw: ${message}`, {
      hint: 'Constructors must be cheap and need no arguments; expensive things belong into setup().',
      cause,
    })
  }
}

function checkName(value: unknown, field: string, who: string): void {
  if (typeof value === 'string' && namePattern.test(value)) return
  if (value === undefined) {
    const example = field === 'name' ? 'video-encoder-pipeline' : 'encode-video'
    throw badPhase(`${who} has no ${field}`, { hint: `Write readonly ${field} = '${example}'.` })
  }
  const shown = typeof value === 'string' ? JSON.stringify(value) : typeof value
  throw badPhase(`${who}: ${field} is ${shown}, which is not allowed`, {
    hint: 'Use 1 to 64 of a-z 0-9 . _ - and begin with a letter or a digit.',
    details: { field, value },
  })
}

function checkMethods(phase: PhaseInstance, who: string): void {
  if (typeof phase.execute !== 'function') {
    throw badPhase(`${who} has no execute method`, {
      hint: 'Write async execute(job, context) { … return { what: is merged into the job } }.',
    })
  }
  for (const name of ['setup', 'teardown'] as const) {
    const method: unknown = phase[name]
    if (method === undefined || typeof method === 'function') continue
    throw badPhase(`${who}: ${name} is not a method`)
  }
}

interface Links {
  readonly classes: readonly PhaseClass[]
  readonly input?: StandardSchemaV1
}

function chainOf(instance: Pipeline, who: string): Links {
  const phases: unknown = instance.phases
  if (Array.isArray(phases)) {
    throw badPhase(`${who}: phases is a plain list`, {
      hint: 'Write readonly phases = chain(A, B); chain checks that they fit.',
    })
  }
  const classes: unknown = (phases as { classes?: unknown } | null | undefined)?.classes
  if (!Array.isArray(classes)) {
    throw badPhase(`${who} has no phases`, { hint: 'Write readonly phases = chain(A, B).' })
  }
  if (classes.length === 0) {
    throw badPhase(`${who}: the chain is empty`, { hint: 'Give chain(…) at least one phase.' })
  }
  return phases as Links
}

/** The same class twice is fine: its workers serve both places. Two classes for one type is not. */
function checkJobTypes(phases: readonly CompiledPhase[], pipeline: string): void {
  const byType = new Map<string, PhaseClass>()
  for (const { spec, phaseClass } of phases) {
    const other = byType.get(spec.jobType)
    if (other !== undefined && other !== phaseClass) {
      throw badPhase(
        `pipeline "${pipeline}": ${other.name} and ${phaseClass.name} both have jobType "${spec.jobType}"`,
        { hint: 'Give one of them another jobType.', details: { jobType: spec.jobType } },
      )
    }
    byType.set(spec.jobType, phaseClass)
  }
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isThing = (value: unknown): boolean => typeof value === 'object' && value !== null
const isDuration = (value: unknown): boolean => isText(value) || typeof value === 'number'

/** What the value of each option may look like: a near name with another kind of value is the user's own. */
const plausible = {
  jobType: isText,
  input: isStandardSchema,
  retry: isThing,
  timeout: isDuration,
  concurrency: isDuration,
} satisfies Record<(typeof phaseOptionNames)[number], (value: unknown) => boolean>

function shownClass(value: unknown): string {
  return typeof value === 'function'
    ? value.name || 'a function'
    : `a value of type ${typeof value}`
}
