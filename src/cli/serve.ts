/** `pipeline` and `phase`: a manager or a worker in this process, until it is stopped. */
import type { CommandOptions } from '../config/commands.ts'
import { CarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import { Manager } from '../manager/manager.ts'
import { compilePhase, compilePipeline, type CompiledPipeline } from '../pipeline/compile.ts'
import { jsonSchemaOf } from '../pipeline/schema.ts'
import type { PassCheckpoint } from '../runtime/checkpoint.ts'
import { zeromqTransport } from '../transport/zeromq-transport.ts'
import { Worker } from '../worker/worker.ts'
import { backendOf } from './backend-of.ts'
import { commandLogger, reportError, say } from './command-context.ts'
import { inputCheck } from './input-check.ts'
import { doorsOf } from './door-addresses.ts'
import { loadPipelineFile, pickPhase, pickPipeline } from './load-file.ts'
import { openTelemetryTracing } from './open-telemetry.ts'
import { bundleGone, runUntilStopped, stopSignal, tellBundle } from './shutdown.ts'
import { tellOfSilence } from './silent-managers.ts'
import { packageVersion } from './version.ts'

/** The options of a command, and a part that only programs can give: `main.ts` has none. */
type ServeOptions<N extends 'pipeline' | 'phase'> = CommandOptions<N> & {
  readonly checkpoint?: PassCheckpoint
}

/** The manager runs nothing, so there is little to wait for. */
const managerDrainMs = 30_000

export async function servePipeline(
  file: string,
  name: string | undefined,
  options: ServeOptions<'pipeline'>,
): Promise<number> {
  const stopped = stopSignal(managerDrainMs)
  const { manager, failed } = await startManager(file, name, { ...options, stopped })
  return runUntilStopped(manager, stopped, failed)
}

export async function servePhase(
  file: string,
  jobType: string,
  options: ServeOptions<'phase'>,
): Promise<number> {
  const phase = compilePhase(pickPhase(await loadPipelineFile(file), jobType))
  let leave: (code: number) => void = () => undefined
  const left = new Promise<number>((resolve) => {
    leave = resolve
  })
  let hear: (manager: string) => void = () => undefined
  const answered = new Promise<string>((resolve) => {
    hear = resolve
  })
  const worker = new Worker({
    ...{ ...options, phase, transport: zeromqTransport, logger: commandLogger(options) },
    version: packageVersion,
    ...(options.tracing ? { traceRun: openTelemetryTracing(packageVersion) } : {}),
    onManager: (manager) => hear(manager),
    onDrainOrdered: () => say('a manager has ordered this worker to leave: it finishes what runs'),
    onResumeOrdered: () => say('a manager has taken that back: this worker takes jobs again'),
    onDrained() {
      tellBundle('carbontube:drained')
      leave(0)
    },
    onStuck: (jobId) => leave(reportError(stuckRun(jobId), options)),
  })
  const stopped = stopSignal(options.drainMs)
  await worker.start()
  const { id, address, concurrency } = worker.info
  say(`worker ${id} is ready at ${address}, ${concurrency} at once`)
  void tellOfSilence(options.pushConnect, answered)
  tellBundle('carbontube:ready')
  return runUntilStopped(worker, stopped, left, bundleGone())
}

function stuckRun(jobId: string): CarbontubeError {
  return new CarbontubeError('CT_STUCK_RUN', `the run of job ${jobId} ignores its abort signal`, {
    hint: 'This worker finishes what else runs, and ends; have it started again. Heed context.signal.',
    details: { jobId },
  })
}

/** It may stand by for ever: `stopped` ends that too, and the manager is then not running. */
export async function startManager(
  file: string,
  name: string | undefined,
  options: ServeOptions<'pipeline'> & { stopped: Promise<unknown> },
): Promise<{ manager: Manager; failed: Promise<number>; compiled: CompiledPipeline }> {
  const compiled = compilePipeline(pickPipeline(await loadPipelineFile(file), name))
  const checkInput = inputCheck(compiled)
  let fail: (code: number) => void = () => undefined
  const failed = new Promise<number>((resolve) => {
    fail = resolve
  })
  let isToStop = false
  const endWait = () => {
    if (isToStop && manager.state === 'standby') void manager.stop()
  }
  const manager: Manager = new Manager({
    ...{ spec: compiled.spec, storage: await backendOf(compiled), transport: zeromqTransport },
    ...{ logger: commandLogger(options), version: packageVersion, doors: doorsOf(options) },
    ...given({
      shards: options.shards,
      managerId: options.managerId,
      checkpoint: options.checkpoint,
      checkInput,
      inputSchema: inputSchemaOf(compiled),
    }),
    onStandby(heldBy) {
      say(`pipeline "${compiled.spec.name}" is owned by ${heldBy}: standing by`)
      endWait()
    },
    onOwning: () => sayReady(manager, compiled),
    onFatal: (error) => fail(reportError(error, options)),
  })
  void options.stopped.then(() => {
    isToStop = true
    endWait()
  })
  await manager.start()
  return { manager, failed, compiled }
}

function sayReady(manager: Manager, { spec }: CompiledPipeline): void {
  const { pull, router, sub } = manager.addresses
  const { store, durability } = manager.status().welcome
  say(
    `pipeline "${spec.name}" is ready: jobs at ${pull[0]} (acknowledged at ${router}), ` +
      `events at ${sub[0]}, store ${store} (${durability})`,
  )
}

function inputSchemaOf({ inputSchema, phases }: CompiledPipeline): string | undefined {
  const schema = inputSchema ?? phases[0]?.input
  const described = schema === undefined ? undefined : jsonSchemaOf(schema)
  return described === undefined ? undefined : JSON.stringify(described)
}
