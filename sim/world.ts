/**
 * One world: managers, workers, a client, a network and a store, in virtual time, all from one seed. While
 * the faults last, things break and every invariant is checked at every step; then everything heals, and
 * every job has to settle.
 */
import type { Effect } from '../src/core/effect.ts'
import type { Event } from '../src/core/event.ts'
import { isSettled } from '../src/core/job-transitions.ts'
import type { PipelineSpec } from '../src/core/spec.ts'
import type { Step } from '../src/core/shard.ts'
import { tokenText } from '../src/core/token.ts'
import { Agenda } from './agenda.ts'
import { Chance } from './chance.ts'
import type { CheckedWorld } from './checked-world.ts'
import { Violation, type Checker, type Commit, type Ownership } from './checker.ts'
import { makeCheckers } from './checkers/index.ts'
import { beginFaults, type FaultyWorld } from './faults.ts'
import type { Knobs } from './knobs.ts'
import { Network } from './network.ts'
import { SimClient } from './sim-client.ts'
import { SimManager } from './sim-manager.ts'
import { SimStore } from './sim-store.ts'
import { SimWorker, type StartRun } from './sim-worker.ts'
import { hash, Workload } from './workload.ts'

/** Virtual time in which everything has to settle once the faults are over. */
const healMs = 1_200_000
const stepsMax = 400_000
const restEveryMs = 100

export interface WorldOutcome {
  readonly violation: Violation | undefined
  /** Of everything that was decided, in order: the same seed gives the same. */
  readonly traceHash: number
  readonly steps: number
  readonly virtualMs: number
  readonly seen: ReadonlyMap<string, number>
}

export class World implements FaultyWorld, CheckedWorld {
  readonly knobs: Knobs
  readonly chance: Chance
  readonly network: Network
  readonly store: SimStore
  readonly workload: Workload
  readonly spec: PipelineSpec
  readonly managers: readonly SimManager[]
  readonly workers: readonly SimWorker[]
  readonly client: SimClient
  readonly jobIds: readonly string[]
  readonly seen = new Map<string, number>()
  /** Messages under way. */
  underWay = 0
  /** Lines for a person, when somebody wants to read them. */
  log: ((line: string) => void) | undefined
  readonly #agenda = new Agenda()
  readonly #checkers: readonly Checker[]
  readonly #faultsEndMs: number
  readonly #isTraced: boolean
  #isHealed = false
  #hash = hash('')
  #steps = 0

  constructor(seed: number, knobs: Knobs, options: { isTraced?: boolean } = {}) {
    this.knobs = knobs
    this.#isTraced = options.isTraced ?? false
    this.chance = new Chance(seed)
    this.spec = specOf(knobs)
    this.network = new Network(this)
    this.store = new SimStore(this, (commit) => this.#committed(commit))
    this.workload = new Workload(seed, knobs, () => this.faultsOn())
    this.managers = Array.from({ length: knobs.managers }, (_, n) => this.#manager(`m${n}`))
    this.workers = this.spec.phases.flatMap(({ jobType }) =>
      Array.from({ length: knobs.workersPerPhase }, (_, n) => this.#worker(jobType, n)),
    )
    this.client = new SimClient(this, {
      network: this.network,
      managers: () => this.managers,
    })
    this.jobIds = Array.from({ length: knobs.jobs }, (_, n) => `j${n}`)
    this.#faultsEndMs = this.nowMs + knobs.chaosMs
    this.#checkers = makeCheckers(this)
  }

  get nowMs(): number {
    return this.#agenda.nowMs
  }

  readonly faultsOn = (): boolean => !this.#isHealed

  after(delayMs: number, act: () => void): void {
    this.#agenda.after(delayMs, act)
  }

  isRunning(incarnation: string, token: string): boolean {
    return this.workers.some((worker) => worker.isAt(incarnation, token))
  }

  suspendHost(ms: number): void {
    this.#agenda.suspend(ms)
  }

  run(): WorldOutcome {
    let violation: Violation | undefined
    try {
      this.#begin()
      this.#runUntil(this.#faultsEndMs, () => false)
      this.#heal()
      if (!this.#runUntil(this.nowMs + healMs, () => this.#isSettled())) this.#failToSettle()
      for (const checker of this.#checkers) checker.atEnd?.()
    } catch (error) {
      violation = error instanceof Violation ? error : brokenBy(error)
    }
    return {
      ...{ violation, traceHash: this.#hash, steps: this.#steps, seen: this.seen },
      virtualMs: this.#elapsedMs,
    }
  }

  restartWorker(worker: SimWorker, afterMs = this.chance.int(20, 3_000)): void {
    worker.kill()
    this.after(afterMs, () => worker.isUp || worker.start())
  }

  restartManager(manager: SimManager): void {
    manager.kill()
    this.after(this.chance.int(50, 4_000), () => manager.isUp || manager.start())
  }

  /** Something that must happen in some world, or the worlds are too tame. */
  readonly saw = (what: string): void => {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  /** Costs more than the world itself, so most worlds run without it. */
  trace(line: string | (() => string)): void {
    if (!this.#isTraced) return
    const text = typeof line === 'string' ? line : line()
    this.#hash = hash(text, this.#hash)
    this.log?.(`${String(this.#elapsedMs).padStart(7)} ${text}`)
  }

  get #elapsedMs(): number {
    return this.nowMs - this.#faultsEndMs + this.knobs.chaosMs
  }

  #manager(name: string): SimManager {
    return new SimManager(this, name, {
      store: this.store,
      network: this.network,
      listener: (address) => this.workers.find((one) => one.isUp && one.address === address),
      onAnswer: (manager, answer) => this.client.answerLeaves(manager, answer),
      onOwner: ({ manager, epoch }) => this.trace(`${manager} owns under ${epoch}`),
      onStep: (owner, event, step) => this.#stepped(owner, event, step),
      onEffect: (owner, effect) => this.#left(owner, effect),
    })
  }

  #worker(jobType: string, number: number): SimWorker {
    return new SimWorker(this, `${jobType}-${number}`, {
      jobType,
      concurrency: this.chance.int(1, this.knobs.concurrencyMax),
      network: this.network,
      workload: this.workload,
      managers: () => this.managers,
      restart: (worker) => this.restartWorker(worker),
      onRun: (start, incarnation) => this.#ran(start, incarnation),
    })
  }

  #ran({ jobId, phase, token }: StartRun, incarnation: string): void {
    this.trace(() => `${incarnation} runs ${jobId}/${phase} #${token.sequence}`)
    const run = { incarnation, token: tokenText(token), jobId }
    for (const checker of this.#checkers) checker.onRun?.(run)
  }

  #stepped(owner: Ownership, event: Event, step: Step): void {
    this.trace(() => `${owner.manager} ${described(event)}`)
    if (event.type === 'ReadyLoaded' && event.jobs.length > 0) this.saw('refill')
    for (const checker of this.#checkers) checker.onStep?.(owner, event, step)
  }

  #left(owner: Ownership, effect: Effect): void {
    this.trace(() => `${owner.manager} → ${described(effect)}`)
    if (effect.type === 'Skip') this.saw('unstarted grant given back')
    for (const checker of this.#checkers) checker.onEffect?.(owner, effect)
  }

  #committed(commit: Commit): void {
    const { id, mutations } = commit.group
    this.trace(() => `committed ${id}: ${mutations.map(described).join(', ')}`)
    for (const checker of this.#checkers) checker.onCommit?.(commit)
  }

  #begin(): void {
    for (const process of [...this.managers, ...this.workers]) {
      this.after(this.chance.int(0, 200), () => process.start())
    }
    this.client.start()
    for (let n = 0; n < this.jobIds.length;) {
      const ids = this.jobIds.slice(n, n + this.chance.int(1, 4))
      n += ids.length
      this.after(this.chance.int(0, this.knobs.chaosMs * 0.6), () => this.client.enqueue(ids))
    }
    beginFaults(this)
    this.#restLater()
  }

  #heal(): void {
    this.trace('everything heals')
    this.#isHealed = true
    this.network.heal()
    this.store.isStalled = false
    for (const process of [...this.managers, ...this.workers, this.client]) process.goOn()
    for (const process of [...this.managers, ...this.workers]) {
      if (!process.isUp) process.start()
    }
    this.#resumeLater()
  }

  /** Somebody has to take back the last pause. */
  #resumeLater(): void {
    const phases = [...this.store.shard.paused]
    if (phases.length > 0) this.client.order({ type: 'ResumeRequested', phases })
    this.after(2_000, () => this.#resumeLater())
  }

  /** `true` when `isOver` has become true. */
  #runUntil(untilMs: number, isOver: () => boolean): boolean {
    while (this.#agenda.step(untilMs)) {
      this.#steps += 1
      if (this.#steps > stepsMax) throw new Violation('L1', `no end after ${stepsMax} steps`)
      if (this.#steps % 16 === 0 && isOver()) return true
    }
    return isOver()
  }

  #isSettled(): boolean {
    const { acknowledged, refused } = this.client
    if (!this.client.isDone) return false
    return this.jobIds.every((id) => {
      if (!acknowledged.has(id)) return refused.has(id)
      const state = this.store.find([id])[0]?.state
      return state === undefined || isSettled(state)
    })
  }

  #failToSettle(): never {
    const open = this.jobIds.flatMap((id) => {
      const record = this.store.find([id])[0]
      if (record === undefined) return this.client.refused.has(id) ? [] : [`${id} is not stored`]
      const { state, phase, attempts } = record
      if (isSettled(state)) return []
      return [`${id} is ${state} in phase ${phase} after ${attempts} attempts`]
    })
    throw new Violation('L1', `not settled after the faults: ${open.slice(0, 5).join('; ')}`)
  }

  #restLater(): void {
    this.after(restEveryMs, () => {
      this.#lookAtRest()
      this.#restLater()
    })
  }

  #lookAtRest(): void {
    if (this.underWay > 0) return
    for (const manager of this.managers) {
      const owner = manager.reign
      if (owner === undefined || !manager.isQuiet || manager.paused !== undefined) continue
      // One that has been replaced and does not know it reads what another has written.
      if (!this.store.isOwner(owner)) continue
      for (const checker of this.#checkers) checker.atRest?.(owner)
    }
  }
}

function specOf(knobs: Knobs): PipelineSpec {
  const retry = {
    ...{ attempts: 4, crashes: 2, backoff: 'exponential' as const, delayMs: 200, factor: 2 },
    ...{ delayMsMax: 2_000, jitter: true },
  }
  const jobTypes = ['cut', 'encode', 'join'].slice(0, knobs.phases)
  return {
    name: 'sim',
    phases: jobTypes.map((jobType) => ({ jobType, retry, timeoutMs: 12_000 })),
  }
}

function brokenBy(error: unknown): Violation {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const violation = new Violation('core', what)
  if (error instanceof Error && error.stack !== undefined) violation.stack = error.stack
  return violation
}

function withoutBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length} bytes` : value
}

/** One line of an event, an effect or a mutation, without its payloads. */
function described(value: { readonly type: string }): string {
  const fields = Object.entries(value).flatMap(([key, field]) => {
    if (key === 'type' || key === 'nowMs') return []
    return `${key}=${JSON.stringify(field, withoutBytes)}`
  })
  return [value.type, ...fields].join(' ')
}
