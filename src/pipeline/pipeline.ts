/**
 * A pipeline: a name, phases, and where its jobs are kept. Also the types that a client reads off a
 * pipeline class, for which `import type` is enough.
 */
import type { Storage } from '../storage/contract.ts'
import type { Chain } from './chain.ts'
import type { InstanceOf, JobTypeOf, PhaseClasses } from './chain-types.ts'

const pipelineBrand = Symbol.for('carbontube.pipeline')

/**
 * The base class of pipelines: a name, phases, and if you like a store. Made with `new` and no arguments, also
 * just to be looked at (`carbontube check`); only the manager calls `initialize`, where `this.backend` may be set.
 * `backend` is an optional field, a `Storage`: without one, jobs are in an SQLite file below `.carbontube/`.
 *
 * @example
 * ```ts
 * export class Reports extends Pipeline {
 *   readonly name = 'reports'
 *   readonly phases = chain(WriteReport, SendReport)
 *   override backend = new PostgresStorageBackend('reports')
 * }
 * ```
 */
export abstract class Pipeline {
  /** `[a-z0-9][a-z0-9._-]{0,63}`; `readonly`, so that a client knows it by its literal type. */
  abstract readonly name: string
  /** Its phases, in order: `readonly phases = chain(EncodeVideo, SplitIntoSegments)`. */
  abstract readonly phases: AnyChain

  static {
    Object.defineProperty(this.prototype, pipelineBrand, { value: true })
  }
}

// Through a mapped type, so that `override` is neither demanded nor refused (see `Phase`).
export interface Pipeline extends PipelineMembers {}
type PipelineMembers = {
  /** The store of its jobs. Without one: SQLite, in `.carbontube/` beside you. */
  [K in 'backend']?: Storage
}

/** The optional method of a pipeline. */
export interface PipelineLife {
  /** Called once, by the manager, before it opens the store: may set `this.backend`, and may be async. */
  initialize?(): unknown
}

/** Any chain. */
// oxlint-disable-next-line typescript/no-explicit-any -- input and output may be any type, in any variance
export type AnyChain = Chain<any, any, PhaseClasses>

/** A pipeline as tools take it: the class, not an instance. */
export type PipelineClass = new () => Pipeline & PipelineLife

/** What a client enqueues to pipeline class `C`: `PipelineInput<typeof VideoEncoderPipeline>`. */
export type PipelineInput<C> = ChainOf<C> extends Chain<infer I, unknown> ? I : never

/** The job after the last phase of pipeline class `C`. */
export type PipelineOutput<C> = ChainOf<C> extends Chain<unknown, infer O> ? O : never

/** The literal name of pipeline class `C`; `string` when the field is not `readonly`. */
export type PipelineName<C> = InstanceOf<C> extends { name: infer N extends string } ? N : never

/** The classes of the phases of `C`, as a union. */
export type PhaseOf<C> =
  ChainOf<C> extends { classes: infer P extends PhaseClasses } ? P[number] : never

/** The job types of `C`, as a union. */
export type PipelineJobType<C> = JobTypeOf<PhaseOf<C>>

/** What a typed client is told: a pipeline class, a tuple of them, or an object of them. */
export type Pipelines =
  PipelineClass | readonly PipelineClass[] | { readonly [key: string]: PipelineClass }

/** The classes in `R`, as a union. */
export type PipelinesIn<R> = R extends abstract new () => unknown
  ? R
  : R extends readonly (infer C)[]
    ? C
    : R[keyof R]

/** The class in `R` whose name is `N`: input and output of `enqueueJob({ name, … })` follow from it. */
export type PipelineNamed<R, N> =
  PipelinesIn<R> extends infer C ? (C extends unknown ? Named<C, N> : never) : never

type Named<C, N> = N extends PipelineName<C> ? C : never
type ChainOf<C> = InstanceOf<C> extends { phases: infer P } ? P : never

/** Whether a value is a pipeline class of any copy of this library; `Pipeline` itself is none. */
export function isPipelineClass(value: unknown): value is PipelineClass {
  if (typeof value !== 'function') return false
  const prototype: unknown = value.prototype
  if (typeof prototype !== 'object' || prototype === null) return false
  return Reflect.get(prototype, pipelineBrand) === true && !Object.hasOwn(prototype, pipelineBrand)
}
