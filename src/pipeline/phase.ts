/**
 * A phase: one step of a pipeline, as a class, because a phase is deployed, has a life (`setup`,
 * `teardown`) and shares what is expensive between its jobs. Recognised by a brand, not by `instanceof`:
 * the user's file may hold another copy of this library than the worker that runs it.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Duration } from '../config/duration.ts'
import type { Context } from './context.ts'
import { checkOptionNames } from './phase-options.ts'

const phaseBrand = Symbol.for('carbontube.phase')

/** How a failed phase is tried again. All optional. Durations: milliseconds, or with `as const` `'30s'`. */
export interface RetryOptions {
  /** Counted attempts before the job is dead, 1 … 1,000,000; default 5. */
  readonly attempts?: number
  /** Deaths of a worker that held the job alone before the job is dead, 1 … 1,000; default 3. */
  readonly crashes?: number
  /** `'fixed'`: the same delay each time. Default `'exponential'`. */
  readonly backoff?: 'fixed' | 'exponential'
  /** Before the second attempt; default 1 s. */
  readonly delay?: Duration
  /** Each delay is this many times the one before, when exponential; 1 … 1,000, default 2. */
  readonly factor?: number
  /** No delay is longer; default 5 minutes, or `delay` when that is longer. */
  readonly maxDelay?: Duration
  /** Full jitter: the delay is drawn from 0 to the computed one; default true. */
  readonly jitter?: boolean
}

/** The options of a phase, all optional: plain fields of the class, or arguments of `Phase.of`. */
export interface PhaseOptions {
  /** Checks the job before `execute`, which then gets the schema's output. Failing it rejects the job. */
  readonly input?: StandardSchemaV1
  /** How it is tried again when it throws; each member has a default. */
  readonly retry?: RetryOptions
  /** Longest run of one attempt, at least 1 ms, at most 24 days; default 30 minutes. */
  readonly timeout?: Duration
  /** Jobs at once in one worker process, unless the command line says otherwise; 1 … 10,000, default 1. */
  readonly concurrency?: number
}

/**
 * The base class of phases. A subclass has a `jobType` and an `execute`, and may have the fields of
 * `PhaseOptions` and the methods of `PhaseLife`. It is made with `new` and no arguments, also just to be
 * looked at (`carbontube check`): expensive things belong into `setup`.
 *
 * @example
 * ```ts
 * export class CalculateHash extends Phase {
 *   readonly jobType = 'calculate-hash'
 *   readonly timeout = '10m'
 *
 *   async execute(job: { path: string }, context: Context) {
 *     const content = await readFile(job.path, { signal: context.signal })
 *     return { sha256: createHash('sha256').update(content).digest('hex') }
 *   }
 * }
 * ```
 */
export abstract class Phase {
  /** The name under which workers offer it: `[a-z0-9][a-z0-9._-]{0,63}`. */
  abstract readonly jobType: string

  static {
    Object.defineProperty(this.prototype, phaseBrand, { value: true })
  }

  /**
   * Does the work of one job. What it returns (an object, or nothing) is merged into the job for the
   * phases that follow; what it does to `job` itself is not. A throw is retried, except `Reject`;
   * `RetryAfter` says when.
   *
   * @param job `never` here, so that every subclass can name exactly the properties it needs
   */
  abstract execute(job: never, context: Context): unknown

  /**
   * A base class with literal options and, as `input`, a Standard Schema (zod, valibot, arktype):
   * `class Encode extends Phase.of({ jobType: 'encode', input: schema, timeout: '10m' }) { … }`.
   * Its `execute` takes `(job: this['job'], context: Context)`.
   *
   * @throws CT_BAD_PIPELINE when an option is not known; values are checked when the class is loaded
   */
  static of<const T extends string, S extends StandardSchemaV1 | undefined = undefined>(
    options: ConfiguredOptions<T, S>,
  ): abstract new () => ConfiguredPhase<T, S> {
    checkOptionNames(options, options.jobType)
    return configured(options) as never
  }
}

/**
 * The options as members of `Phase`. They come in through a mapped type because a property without a
 * declaration of its own may be written in a subclass with or without `override`, whatever
 * `noImplicitOverride` says. (`Phase` declares no `setup` and `teardown` for the same reason.)
 */
export interface Phase extends OptionMembers {}
type OptionMembers = { [K in 'input' | 'retry' | 'timeout' | 'concurrency']?: PhaseOptions[K] }

/** The optional methods of a phase. Both may be async. */
export interface PhaseLife {
  /** Once per worker process, before its first job. A throw stops the worker. */
  setup?(): unknown
  /** Once, after the last job. */
  teardown?(): unknown
}

/** What a worker holds: a phase with its optional methods in sight. */
export type PhaseInstance = Phase & PhaseLife

/** A phase as `chain` and workers take it: the class, not an instance. */
export type PhaseClass = new () => PhaseInstance

/** The argument of `Phase.of`. */
export interface ConfiguredOptions<
  T extends string,
  S extends StandardSchemaV1 | undefined,
> extends Omit<PhaseOptions, 'input'> {
  /** As `Phase.jobType`. */
  readonly jobType: T
  /** As `PhaseOptions.input`. */
  readonly input?: S
}

/** What `Phase.of` returns the class of. */
export abstract class ConfiguredPhase<
  T extends string,
  S extends StandardSchemaV1 | undefined,
> extends Phase {
  /** As it was given. */
  declare readonly jobType: T
  /** The schema that was given. */
  declare readonly input: Exclude<S, undefined>
  /** A type only, for the signature `execute(job: this['job'])`: the output of the schema. */
  declare readonly job: S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : unknown
}

/** Whether a value is a phase class of any copy of this library; `Phase` itself is none. */
export function isPhaseClass(value: unknown): value is PhaseClass {
  if (typeof value !== 'function') return false
  const prototype: unknown = value.prototype
  if (typeof prototype !== 'object' || prototype === null) return false
  return Reflect.get(prototype, phaseBrand) === true && !Object.hasOwn(prototype, phaseBrand)
}

/** Whether a value is an instance of a phase: a common slip where a class is wanted. */
export function isPhaseInstance(value: unknown): value is PhaseInstance {
  return typeof value === 'object' && value !== null && Reflect.get(value, phaseBrand) === true
}

function configured(options: object): abstract new () => Phase {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  abstract class Configured extends Phase {
    constructor() {
      super()
      for (const [name, value] of given) {
        // Not an assignment: a subclass may well be strict about its fields being plain ones.
        Object.defineProperty(this, name, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        })
      }
    }
  }
  return Configured
}
