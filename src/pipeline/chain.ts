/**
 * `chain`: the phases of a pipeline in order, checked by the compiler. A phase may need what the phases
 * before it return and what the pipeline was given; anything else does not compile, with a sentence that
 * says why (`chain-types.ts`).
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CarbontubeError } from '../errors/errors.ts'
import type {
  Checked,
  DoesNotFit,
  Fold,
  JobAtEnd,
  JobOfFirst,
  PhaseClasses,
} from './chain-types.ts'
import { isPhaseClass, isPhaseInstance } from './phase.ts'
import { isStandardSchema } from './schema.ts'
import type { Travels } from './travel.ts'

/**
 * The phases of a pipeline. `Input` is what a client enqueues, `Output` the job after the last phase,
 * `P` the tuple of classes. Made by `chain` only.
 */
export interface Chain<Input, Output, P extends PhaseClasses = PhaseClasses> {
  /** The classes that `chain` was given. */
  readonly classes: P
  /** Declared with `accepts`: checks a job at the door, and changes nothing in it. */
  readonly input?: StandardSchemaV1
  /** @internal Types only; never set. */
  readonly '~types'?: { readonly input: Input; readonly output: Output }
}

/** What `chain` returns for the phases `P`. Without any there is no argument to point at: the field does not fit. */
type Linked<Input, F, P extends readonly unknown[]> = P extends readonly []
  ? DoesNotFit<'a chain has at least one phase', { phases: P }>
  : Chain<Input, JobAtEnd<F>, P extends PhaseClasses ? P : never>

/** What `accepts` returns: a `chain` whose input is declared. */
export interface Door<Input, Job> {
  /** Like the plain `chain`, beginning with what the schema takes. */
  chain<const P extends readonly unknown[]>(
    ...phases: Checked<P, Fold<P, Job>>
  ): Linked<Input, Fold<P, Job>, P>
}

/**
 * The phases, in order: `readonly phases = chain(EncodeVideo, SplitIntoSegments)`. The pipeline's input
 * is what the first phase needs. What a phase returns is merged into the job; a phase that needs what nothing
 * before it returns does not compile, and the compiler prints why.
 *
 * @throws CT_BAD_PIPELINE when an argument is no phase class (often `undefined`: a circular import)
 */
export function chain<const P extends readonly unknown[]>(
  ...phases: Checked<P, Fold<P, JobOfFirst<P>>>
): Linked<JobOfFirst<P>, Fold<P, JobOfFirst<P>>, P> {
  return link(phases) as never
}

/**
 * Declares the input of a pipeline with a Standard Schema (zod, valibot, arktype): checked at the door,
 * where a job that fails is refused. `readonly phases = accepts(schema).chain(A, B)`.
 *
 * The job stays as it was enqueued: what a schema makes of it (defaults, conversions) is not kept, since
 * the same job enqueued again must be the same job. To work on converted values, give the schema to the
 * phase (`Phase.of({ input: schema })`): its `execute` gets the schema's output.
 *
 * @throws CT_BAD_PIPELINE when the argument is no Standard Schema
 */
export function accepts<S extends StandardSchemaV1>(
  input: S,
): Door<StandardSchemaV1.InferInput<S>, Travels<StandardSchemaV1.InferInput<S>>> {
  if (!isStandardSchema(input)) {
    throw new CarbontubeError('CT_BAD_PIPELINE', 'accepts(…) was not given a Standard Schema', {
      hint: 'Pass a schema of zod 3.24 or later, valibot 1, arktype 2, or another Standard Schema.',
    })
  }
  return { chain: (...phases: readonly unknown[]) => link(phases, input) as never }
}

function link(phases: readonly unknown[], input?: StandardSchemaV1): Chain<unknown, unknown> {
  const classes = phases.map((phase, index) => {
    if (isPhaseClass(phase)) return phase
    throw notAPhase(phase, index)
  })
  return Object.freeze({
    classes: Object.freeze(classes),
    ...(input === undefined ? {} : { input }),
  })
}

function notAPhase(value: unknown, index: number): CarbontubeError {
  const place = `chain(…): argument ${index + 1}`
  if (value === undefined) {
    return new CarbontubeError('CT_BAD_PIPELINE', `${place} is undefined`, {
      hint: 'Its file is perhaps part of a circular import, or the name is not exported there.',
    })
  }
  if (isPhaseInstance(value)) {
    return new CarbontubeError('CT_BAD_PIPELINE', `${place} is an instance of a phase`, {
      hint: `Pass the class: ${value.constructor.name}, not new ${value.constructor.name}().`,
    })
  }
  const what = typeof value === 'function' ? `${value.name || 'a function'}` : typeof value
  return new CarbontubeError('CT_BAD_PIPELINE', `${place} (${what}) is not a phase class`, {
    hint: 'A phase is a class that extends Phase.',
  })
}
