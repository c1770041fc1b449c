/** The commands that run until stopped: `pipeline`, `phase`, `bundle`, and the two relays. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Manager } from '../manager/manager.ts'
import type { InputCheck } from '../manager/requests.ts'
import {
  checkInstructions,
  compilePhase,
  compilePipeline,
  type CompiledPipeline,
} from '../pipeline/compile.ts'
import type { Storage } from '../storage/contract.ts'
import { SqliteStorageBackend } from '../storage/sqlite/sqlite-storage.ts'
import { zeromqTransport } from '../transport/zeromq-transport.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import { Worker } from '../worker/worker.ts'
import { commandLogger, reportError, say, type GlobalOptions } from './command-context.ts'
import { loadPipelineFile, pickPhase, pickPipeline } from './load-file.ts'
import { runUntilStopped } from './shutdown.ts'
import { packageVersion } from './version.ts'

export interface PipelineOptions extends GlobalOptions {
  readonly pullBind?: string
  readonly pullConnect?: readonly string[]
  readonly routerBind?: string
  readonly subBind?: string
  readonly subConnect?: readonly string[]
  readonly pubBind?: string
  readonly managerId?: string
}

export interface PhaseCommandOptions extends GlobalOptions {
  readonly concurrency?: number
  readonly pullBind?: string
  readonly pullConnect?: readonly string[]
  readonly advertise?: string
  readonly pushConnect?: readonly string[]
  readonly pubConnect?: readonly string[]
  readonly drain?: number
}

export const defaultPull = 'tcp://127.0.0.1:5050'
export const defaultSub = 'tcp://127.0.0.1:6000'
const drainMsDefault = 30_000

export async function servePipeline(
  file: string,
  name: string | undefined,
  options: PipelineOptions,
): Promise<number> {
  const { manager, failed } = await startManager(file, name, options)
  return runUntilStopped(manager, { drainMs: drainMsDefault, failed })
}

export async function servePhase(
  file: string,
  jobType: string,
  options: PhaseCommandOptions,
): Promise<number> {
  const phase = compilePhase(pickPhase(await loadPipelineFile(file), jobType))
  const { concurrency, pullBind, pullConnect, advertise, pushConnect, pubConnect } = options
  const drainMs = options.drain ?? drainMsDefault
  let leave: (code: 0) => void = () => undefined
  const drained = new Promise<0>((resolve) => {
    leave = resolve
  })
  const worker = new Worker({
    ...{ phase, transport: zeromqTransport, logger: commandLogger(options), drainMs },
    version: packageVersion,
    onDrainOrdered: () => leave(0),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(pullBind === undefined ? {} : { pullBind }),
    ...(pullConnect === undefined ? {} : { pullConnect }),
    ...(advertise === undefined ? {} : { advertise }),
    pushConnect: pushConnect ?? [defaultPull],
    pubConnect: pubConnect ?? [defaultSub],
  })
  await worker.start()
  const { id, address } = worker.info
  say(`worker ${id} is ready at ${address}, ${worker.info.concurrency} at once`)
  return runUntilStopped(worker, {
    drainMs,
    failed: drained.then((code) => {
      say('a manager has ordered this worker to leave')
      return code
    }),
  })
}

/** Manager in this process, one worker process per phase. */
export async function serveBundle(
  file: string,
  name: string | undefined,
  options: PipelineOptions & { readonly concurrency?: number },
): Promise<number> {
  const { manager, failed, compiled } = await startManager(file, name, options)
  const { pull, sub } = manager.addresses
  const jobTypes = [...new Set(compiled.spec.phases.map(({ jobType }) => jobType))]
  let isStopping = false
  const start = (jobType: string): ChildProcess => {
    const child = fork(fileURLToPath(new URL('main.js', import.meta.url)), [
      ...['phase', file, jobType, '--push-connect', pull[0] ?? '', '--pub-connect', sub[0] ?? ''],
      ...(options.concurrency === undefined ? [] : ['--concurrency', String(options.concurrency)]),
    ])
    child.once('exit', (code) => {
      children.delete(child)
      if (isStopping) return
      if (code === 0) return say(`the worker of "${jobType}" was drained, and is not started again`)
      say(`the worker of "${jobType}" ended with code ${code ?? 'by a signal'}: starting another`)
      setTimeout(() => isStopping || children.add(start(jobType)), 500)
    })
    return child
  }
  const children = new Set<ChildProcess>()
  for (const jobType of jobTypes) children.add(start(jobType))
  const all = {
    state: 'running' as const,
    start: () => Promise.resolve(),
    async stop() {
      isStopping = true
      // Workers first: the manager answers their last results.
      await Promise.all(
        [...children].map((child) => {
          const gone = once(child, 'exit')
          child.kill('SIGTERM')
          return gone
        }),
      )
      await manager.stop()
    },
  }
  return runUntilStopped(all, { drainMs: drainMsDefault, failed })
}

async function startManager(
  file: string,
  name: string | undefined,
  options: PipelineOptions,
): Promise<{ manager: Manager; failed: Promise<number>; compiled: CompiledPipeline }> {
  const compiled = compilePipeline(pickPipeline(await loadPipelineFile(file), name))
  const checkInput = inputCheck(compiled)
  let fail: (code: number) => void = () => undefined
  const failed = new Promise<number>((resolve) => {
    fail = resolve
  })
  const manager = new Manager({
    ...{ spec: compiled.spec, storage: await backendOf(compiled), transport: zeromqTransport },
    ...{ logger: commandLogger(options), version: packageVersion, doors: doorsOf(options) },
    ...(options.managerId === undefined ? {} : { managerId: options.managerId }),
    ...(checkInput === undefined ? {} : { checkInput }),
    onFatal: (error) => fail(reportError(error, options)),
  })
  await manager.start()
  const { pull, router, sub } = manager.addresses
  const { store, durability } = manager.status().welcome
  say(
    `pipeline "${compiled.spec.name}" is ready: jobs at ${pull[0]} (acknowledged at ${router}), ` +
      `events at ${sub[0]}, store ${store} (${durability})`,
  )
  return { manager, failed, compiled }
}

function doorsOf(options: PipelineOptions) {
  const { pullConnect, subConnect, routerBind, pubBind } = options
  return {
    pull: [options.pullBind ?? defaultPull],
    sub: [options.subBind ?? defaultSub],
    ...(pullConnect === undefined ? {} : { pullConnect }),
    ...(subConnect === undefined ? {} : { subConnect }),
    ...(routerBind === undefined ? {} : { router: routerBind }),
    ...(pubBind === undefined ? {} : { pub: pubBind }),
  }
}

/** The backend that `initialize` chose; SQLite beside the user without it. */
async function backendOf({ instance, spec }: CompiledPipeline): Promise<Storage> {
  await instance.initialize?.()
  return instance.backend ?? new SqliteStorageBackend(spec.name)
}

function inputCheck(compiled: CompiledPipeline): InputCheck | undefined {
  if (compiled.inputSchema === undefined && compiled.phases[0]?.input === undefined)
    return undefined
  return async (bytes) => {
    const answer = await checkInstructions(compiled, decodeInstructions(bytes))
    return answer.ok ? undefined : answer.issues.join('; ')
  }
}
