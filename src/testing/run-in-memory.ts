/**
 * Runs a job through a pipeline in a unit test: no socket, no store, no waiting. Each phase runs through
 * the very code a worker runs (`worker/execute.ts`), so schemas, merging and what is lost on the wire
 * are as in production; retries follow the phase's options, but nobody waits for them.
 */
import { retryDelayMs } from '../core/retries.ts'
import { CarbontubeError } from '../errors/errors.ts'
import type { InstanceOf, JobTypeOf } from '../pipeline/chain-types.ts'
import { checkInstructions, compilePipeline, type CompiledPhase } from '../pipeline/compile.ts'
import type { Context } from '../pipeline/context.ts'
import { didYouMean } from '../errors/did-you-mean.ts'
import type { PhaseClass, PhaseInstance } from '../pipeline/phase.ts'
import type {
  PhaseOf,
  PipelineClass,
  PipelineInput,
  PipelineJobType,
  PipelineOutput,
} from '../pipeline/pipeline.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { runPhaseHook } from '../runtime/user-hook.ts'
import { decodeInstructions, encodeInstructions } from '../wire/instructions.ts'
import { executePhase } from '../worker/execute.ts'
import { RunContext } from '../worker/run-context.ts'
import { deadJob } from './dead-job.ts'
import { Recorder, type Logged, type LogEntry, type TraceEntry } from './recorder.ts'

/** How a run in memory differs from the pipeline as it is. */
export interface RunOptions<C> {
  /** Functions in place of `execute`, by job type. A stubbed phase is neither set up nor torn down. */
  readonly stub?: Stubs<C>
  /** For the times in trace and logs; waits are added to it. Default: the system's clock. */
  readonly clock?: Clock
}

/** A function per job type, of the type of that phase's `execute`. */
export type Stubs<C> = { readonly [T in PipelineJobType<C>]?: StubOf<PhaseTyped<PhaseOf<C>, T>> }

/** The class in a union whose job type is `T`. */
type PhaseTyped<P, T> = P extends unknown ? (T extends JobTypeOf<P> ? P : never) : never

type StubOf<P> =
  InstanceOf<P> extends { execute(job: infer Job, ...rest: never[]): infer R }
    ? (job: Job, context: Context) => R | Awaited<R> | Promise<Awaited<R>>
    : never

/** What came of a run. */
export interface InMemoryRun<Output> {
  /** The job after the last phase, as a client would get it. */
  readonly output: Output
  /** One entry per attempt, in order. */
  readonly trace: readonly TraceEntry[]
  /** What phases logged, in order. */
  readonly logs: readonly LogEntry[]
}

/**
 * Runs one job through every phase of a pipeline: no socket, no store, and nobody waits for a retry. Schemas, merging
 * and what travels are as in production.
 *
 * @param pipelineClass the class, not an instance
 * @param input the instructions of the job, as a client would enqueue them
 * @param options what is different
 * @throws CT_INVALID_JOB when a schema refuses the input; CT_REJECTED, CT_BAD_RESULT or CT_JOB_FAILED when
 * the job ends dead, with what the phase threw as `cause` and the trace in `details`; CT_BAD_INSTRUCTIONS
 * when the input cannot travel; CT_HOOK_FAILED when a `setup` or `teardown` threw; CT_BAD_OPTION for a stub of a phase
 * that is not there; CT_BAD_PIPELINE
 */
export async function runInMemory<C extends PipelineClass>(
  pipelineClass: C,
  input: PipelineInput<C>,
  options: RunOptions<C> = {},
): Promise<InMemoryRun<PipelineOutput<C>>> {
  const compiled = compilePipeline(pipelineClass)
  const stubs = new Map<string, unknown>(Object.entries(options.stub ?? {}))
  checkStubs(stubs, new Set(compiled.spec.phases.map(({ jobType }) => jobType)))
  let instructions = encodeInstructions(input as object)
  const answer = await checkInstructions(compiled, decodeInstructions(instructions))
  if (!answer.ok) throw invalidJob(compiled.spec.name, answer.issues)

  const run: Run = {
    pipeline: compiled.spec.name,
    recorder: new Recorder(options.clock ?? systemClock),
    stubs,
    staff: new Map(),
    grants: 0,
  }
  try {
    for (const [index, phase] of compiled.phases.entries()) {
      instructions = await runPhase(run, { phase, index }, instructions)
    }
  } catch (error) {
    // Why the job is dead says more than what a teardown throws after it.
    await tearDown(run).catch(() => undefined)
    throw error
  }
  await tearDown(run)
  const { trace, logs } = run.recorder
  return { output: decodeInstructions(instructions) as PipelineOutput<C>, trace, logs }
}

interface Run {
  readonly pipeline: string
  readonly recorder: Recorder
  readonly stubs: ReadonlyMap<string, unknown>
  /** Phases that have been set up, one instance per class, as in a worker. */
  readonly staff: Map<PhaseClass, PhaseInstance>
  grants: number
}

/** Every phase, whatever another one throws; rejects with what the first one threw. */
async function tearDown({ staff }: Run): Promise<void> {
  const hooks: Promise<void>[] = []
  for (const instance of staff.values()) {
    const hook = runPhaseHook(instance, 'teardown')
    await hook.catch(() => undefined)
    hooks.push(hook)
  }
  await Promise.all(hooks)
}

interface Place {
  readonly phase: CompiledPhase
  readonly index: number
}

/** Tries a phase until it is done, or its job is dead. */
async function runPhase(run: Run, place: Place, instructions: Uint8Array): Promise<Uint8Array> {
  const { spec } = place.phase
  const execute = await executeOf(run, place.phase)
  for (let attempt = 1; ; attempt++) {
    let thrown: unknown
    const noting = async (job: never, context: Context): Promise<unknown> => {
      try {
        return await execute(job, context)
      } catch (error) {
        thrown = error
        throw error
      }
    }
    const context = contextOf(run, place, attempt)
    const started = run.recorder.begin({ phase: spec.jobType, attempt })
    const instance = { jobType: spec.jobType, execute: noting }
    const outcome = await executePhase(place.phase, instance, instructions, context)
    if (outcome.type === 'done') {
      run.recorder.end(started)
      return outcome.instructions
    }
    if (outcome.type === 'released') throw new CarbontubeError('CT_INTERNAL', outcome.reason)

    const { error, retry } = outcome
    const isDead = retry === 'never' || attempt >= spec.retry.attempts
    // The longest of what jitter may draw: a test wants the same answer each time.
    const longest = () => retryDelayMs(spec.retry, attempt, { next: () => 1 })
    const retryInMs = isDead ? undefined : typeof retry === 'number' ? retry : longest()
    run.recorder.end(started, error, retryInMs)
    if (isDead) throw deadJob({ error, thrown, attempt, jobType: spec.jobType }, run.recorder)
  }
}

type Execute = (job: never, context: Context) => unknown

/** The stub, or the method of an instance that has been set up. */
async function executeOf(run: Run, { spec, phaseClass }: CompiledPhase): Promise<Execute> {
  const stub = run.stubs.get(spec.jobType)
  if (stub !== undefined) return stub as Execute
  let instance = run.staff.get(phaseClass)
  if (instance === undefined) {
    instance = new phaseClass()
    await runPhaseHook(instance, 'setup')
    run.staff.set(phaseClass, instance)
  }
  const ready = instance
  return (job, context) => ready.execute(job, context)
}

function contextOf(run: Run, { phase, index }: Place, attempt: number): Context {
  run.grants += 1
  const { jobType } = phase.spec
  return new RunContext(
    {
      type: 'StartRun',
      run: run.grants,
      token: { epoch: 1, nonce: '0', sequence: run.grants },
      pipeline: run.pipeline,
      jobId: 'in-memory',
      phase: index,
      attempt,
      instructions: new Uint8Array(),
    },
    {
      jobType,
      log: () => undefined,
      publish: (topic, { level, message, fields }) => {
        if (topic !== 'job.log') return
        run.recorder.log({ phase: jobType, attempt, level, message, fields } as Logged)
      },
    },
  )
}

function checkStubs(stubs: ReadonlyMap<string, unknown>, jobTypes: ReadonlySet<string>): void {
  for (const [jobType, stub] of stubs) {
    if (!jobTypes.has(jobType)) {
      throw new CarbontubeError(
        'CT_BAD_OPTION',
        `stub: no phase has jobType "${jobType}"${didYouMean(jobType, jobTypes)}`,
        { hint: `The pipeline has: ${[...jobTypes].join(', ')}.`, details: { jobType } },
      )
    }
    if (stub === undefined || typeof stub === 'function') continue
    throw new CarbontubeError('CT_BAD_OPTION', `stub: "${jobType}" is not a function`)
  }
}

function invalidJob(pipeline: string, issues: readonly string[]): CarbontubeError {
  const message = `pipeline "${pipeline}" does not take this job: ${issues.join('; ')}`
  return new CarbontubeError('CT_INVALID_JOB', message, { details: { issues } })
}
