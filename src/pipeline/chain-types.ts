/**
 * The types behind `chain`: they walk along the phases, keep the type of the job at every step, and put
 * a sentence at the first phase that does not fit. Nothing here exists at run time.
 *
 * A verdict is `unknown` (fits: `Class & unknown` is `Class`) or a `DoesNotFit`, which no class
 * satisfies, so that the compiler points at the argument and prints the sentence.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { PhaseClass } from './phase.ts'
import type { IsAny, LostPath, Travels } from './travel.ts'

/** What the compiler prints when a chain does not fit: a sentence, and the types it is about. */
export interface DoesNotFit<Sentence extends string, Details> {
  '~carbontube': [Sentence, Details]
}

/** The instance type of a class. */
export type InstanceOf<C> = C extends abstract new () => infer I ? I : never

/** The literal job type of a phase class, or `string` when the field is not `readonly`. */
export type JobTypeOf<C> = InstanceOf<C> extends { jobType: infer T extends string } ? T : string

/** What a phase needs in the job: the input of its schema, or the first parameter of `execute`. */
export type JobNeeded<C> =
  SchemaOf<C> extends infer S extends StandardSchemaV1
    ? StandardSchemaV1.InferInput<S>
    : ExecuteJob<C>

/** What a phase adds to the job, as it arrives after it. */
export type Returned<C> = Travels<RawReturned<C>>

/** The job after an object was merged into it; nothing returned leaves it as it is. */
export type Merge<Job, Out> = [Out] extends [never]
  ? Job
  : Out extends void | undefined | null
    ? Job
    : Job extends unknown
      ? string extends keyof Out
        ? Job & Out
        : Show<
            { [K in keyof Job as K extends keyof Out ? never : K]: Job[K] } & {
              [K in keyof Out as MayLack<Out, K> extends true ? never : K]: Out[K]
            } & {
              [K in keyof Out as KeptRequired<Job, Out, K>]-?: Given<Out[K]> | Job[K & keyof Job]
            } & {
              [K in keyof Out as KeptOptional<Job, Out, K>]?: Given<Out[K]> | Given<Of<Job, K>>
            }
          >
      : never

/** Walks the tuple: one verdict per phase, and the job at the end. Stops judging at the first misfit. */
export type Fold<
  P extends readonly unknown[],
  Job,
  Verdicts extends readonly unknown[] = [],
> = P extends readonly [infer C, ...infer Rest]
  ? Judge<C, Job> extends infer V
    ? unknown extends V
      ? Fold<Rest, After<C, Job>, [...Verdicts, unknown]>
      : { verdicts: [...Verdicts, V, ...{ [K in keyof Rest]: unknown }]; job: never }
    : never
  : { verdicts: Verdicts; job: Job }

/** The parameters of `chain`: each class, together with its verdict. */
export type Checked<P extends readonly unknown[], F> = { [K in keyof P]: P[K] & VerdictAt<F, K> }

/** The job at the end of a fold. */
export type JobAtEnd<F> = F extends { job: infer Job }
  ? IsAny<Job> extends true
    ? Job
    : Show<Job>
  : never

/** The job a chain begins with when nothing is declared: what the first phase needs, as it travels. */
export type JobOfFirst<P extends readonly unknown[]> = P extends readonly [infer C, ...unknown[]]
  ? unknown extends JobNeeded<C>
    ? IsAny<JobNeeded<C>> extends true
      ? JobNeeded<C>
      : object
    : Travels<JobNeeded<C>>
  : object

type ExecuteJob<C> =
  InstanceOf<C> extends { execute(job: infer Job, ...rest: never[]): unknown } ? Job : never

/** `undefined` without a schema; `Phase.of` without one leaves `never` there. */
type SchemaOf<C> =
  InstanceOf<C> extends { readonly input: infer S }
    ? [S] extends [never]
      ? undefined
      : S
    : undefined

type RawReturned<C> =
  InstanceOf<C> extends { execute(...args: never[]): infer R } ? Awaited<R> : never

type After<C, Job> = IsAny<RawReturned<C>> extends true ? RawReturned<C> : Joined<Job, Returned<C>>

/**
 * As `Merge`. What only adds is put beside the job: the compiler looks into so many types in each other, and of a
 * chain of thirty phases it would look into one for each.
 */
type Joined<Job, Out> = [Out] extends [object]
  ? [KeysOfAny<Job> & KeysOfAny<Out>] extends [never]
    ? true extends LacksSome<Out>
      ? Merge<Job, Out>
      : Job & Out
    : Merge<Job, Out>
  : Merge<Job, Out>

type LacksSome<T> = T extends unknown ? { [K in keyof T]-?: MayLack<T, K> }[keyof T] : never

/** How sentences call a phase. */
type Name<C> = string extends JobTypeOf<C> ? 'a phase' : `"${JobTypeOf<C>}"`

/** First whether it is a phase class at all. A wrong option of one has an error of its own, at its field. */
type Judge<C, Job> = C extends new () => Executing ? JudgePhase<C, Job> : NoPhaseClass<C>

interface Executing {
  execute(...args: never[]): unknown
}

type NoPhaseClass<C> = C extends Executing & { readonly jobType: infer T extends string }
  ? DoesNotFit<`"${T}" is an instance: give chain the class, without "new" and "()"`, { gets: C }>
  : DoesNotFit<
      'no phase class: one extends Phase, is not abstract, and its constructor needs no arguments',
      { gets: C }
    >

/** First what it wants, then what it returns. `any` opts out on either side. */
type JudgePhase<C, Job> = [Job] extends [JobNeeded<C> & object]
  ? SchemaFits<C> extends true
    ? JudgeReturned<C, RawReturned<C>>
    : DoesNotFit<
        `${Name<C>} has an execute that wants another job than its input schema gives`,
        { schemaGives: SchemaOutput<C>; executeWants: ExecuteJob<C> }
      >
  : Misfit<C, JobNeeded<C>, Job>

type SchemaOutput<C> =
  SchemaOf<C> extends infer S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : never

type SchemaFits<C> = [SchemaOutput<C>] extends [ExecuteJob<C>] ? true : false

type JudgeReturned<C, R> =
  IsAny<R> extends true
    ? unknown
    : [R] extends [never]
      ? unknown
      : unknown extends R
        ? DoesNotFit<`${Name<C>} returns "unknown": declare what it returns`, { returns: R }>
        : [Extract<R, readonly unknown[]>] extends [never]
          ? [Exclude<R, object | void | undefined | null>] extends [never]
            ? JudgeTravel<C, R>
            : DoesNotFit<
                `${Name<C>} returns what cannot be merged into the job: return an object, or nothing`,
                { returns: Exclude<R, object | void | undefined | null> }
              >
          : DoesNotFit<
              `${Name<C>} returns a list, and phases per element are not there yet: return an object with the list in it`,
              { returns: R }
            >

type JudgeTravel<C, R> = [LostPath<R>] extends [never]
  ? unknown
  : [LostPath<R>] extends ['']
    ? DoesNotFit<`${Name<C>} returns what is not serializable`, { returns: R }>
    : DoesNotFit<`${Name<C>} returns "${LostPath<R>}", which is not serializable`, { returns: R }>

/** Why a job does not fit, the plainest reason first. */
type Misfit<C, Need, Have> = [Missing<Need, Have>] extends [never]
  ? [Uncertain<Need, Have>] extends [never]
    ? [Wrong<Need, Have>] extends [never]
      ? DoesNotFit<
          `${Name<C>} does not take the job as it is here`,
          { wants: Need; gets: Show<Have> }
        >
      : DoesNotFit<
          `${Name<C>} wants another type for "${Wrong<Need, Have>}"`,
          { [K in Wrong<Need, Have>]: { wants: Of<Need, K>; gets: Of<Have, K> } }
        >
    : DoesNotFit<
        `${Name<C>} needs "${Uncertain<Need, Have>}", which may be missing here`,
        { jobHasHere: Show<Have> }
      >
  : DoesNotFit<
      `${Name<C>} needs "${Missing<Need, Have>}", which nothing before it returns`,
      { jobHasHere: Show<Have> }
    >

type RequiredKeys<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? never : K }[keyof T]
type KeysOfAny<T> = T extends unknown ? keyof T : never
type Missing<Need, Have> = Exclude<RequiredKeys<Need>, KeysOfAny<Have>> & string
type Uncertain<Need, Have> = Exclude<RequiredKeys<Need>, RequiredKeys<Have>> & string
type Wrong<Need, Have> = {
  [K in keyof Need & keyof Have]-?: [Have[K]] extends [Need[K]] ? never : K
}[keyof Need & keyof Have] &
  string

type VerdictAt<F, K> = F extends { verdicts: infer V }
  ? K extends keyof V
    ? V[K]
    : unknown
  : unknown

/** Whether `T` may come without `K`: it is optional, or `undefined` is one of its values. */
type MayLack<T, K extends keyof T> =
  {} extends Pick<T, K>
    ? true
    : unknown extends T[K]
      ? false
      : undefined extends T[K]
        ? true
        : false

type KeptRequired<Job, Out, K extends keyof Out> =
  MayLack<Out, K> extends true ? (K extends RequiredKeys<Job> ? K : never) : never
type KeptOptional<Job, Out, K extends keyof Out> =
  MayLack<Out, K> extends true ? (K extends RequiredKeys<Job> ? never : K) : never

type Given<T> = Exclude<T, undefined>
type Of<T, K> = K extends keyof T ? T[K] : never
/** Writes an intersection out as one object, so that messages are legible. */
type Show<T> = { [K in keyof T]: T[K] } & {}

/** Phases in a chain, in order. */
export type PhaseClasses = readonly PhaseClass[]
