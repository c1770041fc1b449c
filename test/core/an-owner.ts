/** A shard owner with everything around it in memory: a store that stores, and workers that can be driven. */
import type { Effect } from '../../src/core/effect.ts'
import type { Event, HeldToken, Outcome, SubmittedJob } from '../../src/core/event.ts'
import type { WorkerInfo, WorkerReport } from '../../src/core/event.ts'
import { defaultLimits, type Limits } from '../../src/core/limits.ts'
import type { Group, InsertAnswer } from '../../src/core/mutation.ts'
import { seededRng } from '../../src/core/rng.ts'
import { ShardOwner } from '../../src/core/shard-owner.ts'
import type { RetrySpec } from '../../src/core/spec.ts'

export type EffectOf<T extends Effect['type']> = Extract<Effect, { type: T }>
export type Grant = EffectOf<'Grant'>

export const startMs = 1_700_000_000_000
export const nonce = 'feedfacefeedface'
export const jobTypes = ['cut', 'encode', 'join'] as const

export const aRetry: RetrySpec = {
  attempts: 2,
  crashes: 2,
  backoff: 'fixed',
  delayMs: 500,
  factor: 2,
  delayMsMax: 10_000,
  jitter: false,
}

export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text))
}

export function aSubmittedJob(id: string, more: Partial<SubmittedJob> = {}): SubmittedJob {
  return { id, priority: 0, instructions: bytes('{}'), checksum: 1, sentMs: 0, ...more }
}

export interface OwnerOptions {
  readonly phases?: number
  /** Classes of the phases, when one of them stands twice in the chain. */
  readonly chain?: readonly (typeof jobTypes)[number][]
  readonly limits?: Partial<Limits>
  readonly retry?: Partial<RetrySpec>
}

export interface WorkerOptions {
  readonly phase?: number
  readonly credit?: number
  readonly relayed?: boolean
}

export class AnOwner {
  readonly owner: ShardOwner
  nowMs = startMs
  /** Everything that has left so far. */
  readonly effects: Effect[] = []
  readonly groups: Group[] = []
  #requests = 0

  constructor({ phases = 1, chain, limits = {}, retry = {} }: OwnerOptions = {}) {
    const spec = {
      name: 'films',
      phases: (chain ?? jobTypes.slice(0, phases)).map((jobType) => ({
        jobType,
        retry: { ...aRetry, ...retry },
        timeoutMs: 60_000,
      })),
    }
    this.owner = new ShardOwner({
      ...{ spec, shard: 0, epoch: 1, nonce },
      limits: { ...defaultLimits, ...limits },
      rng: seededRng(1),
    })
    this.takesOver()
  }

  /** What the store holds is told to it: nothing, but for `what`. */
  takesOver(what: Partial<Extract<Event, { type: 'OwnershipTaken' }>> = {}): readonly Effect[] {
    return this.tell({
      ...{ type: 'OwnershipTaken', nowMs: this.nowMs, lastSequence: 0, phases: [] },
      ...{ settled: { done: 0, dead: 0, cancelled: 0 }, nextDueMs: undefined, paused: [] },
      ...{ noted: [], ...what },
    })
  }

  tell(event: Event): readonly Effect[] {
    return this.#left(this.owner.handle(event))
  }

  /** Lets time pass, and fires the timer. */
  pass(ms: number): readonly Effect[] {
    this.nowMs += ms
    return this.tell({ type: 'TimerFired', nowMs: this.nowMs })
  }

  /** Submits; nothing is committed yet. */
  submit(...jobs: readonly (string | SubmittedJob)[]): readonly Effect[] {
    this.#requests += 1
    return this.tell({
      type: 'JobsSubmitted',
      nowMs: this.nowMs,
      request: `request-${this.#requests}`,
      jobs: jobs.map((job) => (typeof job === 'string' ? aSubmittedJob(job) : job)),
    })
  }

  /** Commits all groups, also those that gather meanwhile; returns what left thereby. */
  commit(): readonly Effect[] {
    const effects: Effect[] = []
    for (let group = this.owner.nextGroup(); group; group = this.owner.nextGroup()) {
      this.groups.push(group)
      const inserts = group.mutations.flatMap((mutation): InsertAnswer[] =>
        mutation.type === 'insert' ? [{ id: mutation.job.id, outcome: 'stored' }] : [],
      )
      effects.push(...this.#left(this.owner.committed(group, { inserts }, this.nowMs)))
    }
    return effects
  }

  submitted(...jobs: readonly (string | SubmittedJob)[]): readonly Effect[] {
    return [...this.submit(...jobs), ...this.commit()]
  }

  refuseNextGroup(): readonly Effect[] {
    const group = this.owner.nextGroup()
    if (group === undefined) throw new Error('no group has gathered')
    return this.#left(this.owner.refused(group, this.nowMs))
  }

  /** Announced, connected and rolled. */
  worker(name: string, options: WorkerOptions = {}): AWorker {
    const worker = new AWorker(this, name, options)
    worker.join()
    return worker
  }

  #left(effects: readonly Effect[]): readonly Effect[] {
    this.effects.push(...effects)
    return effects
  }
}

export class AWorker {
  readonly info: WorkerInfo
  readonly #owner: AnOwner
  readonly #credit: number
  #reports = 0
  #entries = 0

  constructor(owner: AnOwner, name: string, options: WorkerOptions) {
    const { phase = 0, credit = 1, relayed = false } = options
    this.#owner = owner
    this.#credit = credit
    this.info = {
      ...{ id: name, incarnation: `${name}-1`, address: `tcp://${name}:1` },
      ...{ jobType: jobTypes[phase] ?? 'cut', concurrency: credit, host: name, pid: 1 },
      ...{ version: '0.1.0', relayed },
    }
  }

  get incarnation(): string {
    return this.info.incarnation
  }

  join(): void {
    const { nowMs } = this.#owner
    this.#owner.tell({ type: 'WorkerAnnounced', nowMs, info: this.info })
    this.#owner.tell({ type: 'WorkerConnected', nowMs, incarnation: this.incarnation })
    this.report({ info: this.info, held: [], ping: 1 })
  }

  /** Every grant that has left for it. */
  grants(): readonly Grant[] {
    return effectsOf(this.#owner.effects, 'Grant').filter(
      ({ incarnation }) => incarnation === this.incarnation,
    )
  }

  /** The newest of them. */
  grant(): Grant {
    const grant = this.grants().at(-1)
    if (grant === undefined) throw new Error(`${this.info.id} was granted nothing`)
    return grant
  }

  /** Acknowledges every order so far. */
  report(more: Partial<WorkerReport> = {}): readonly Effect[] {
    this.#reports += 1
    const { incarnation } = this
    const report: WorkerReport = {
      ...{ incarnation, stream: nonce, number: this.#reports, credit: this.#credit, ping: 0 },
      ...{ through: Math.max(0, ...this.grants().map(({ order }) => order)), also: [] },
      ...{ leaving: false, results: [], ...more },
    }
    return this.#owner.tell({ type: 'WorkerReported', nowMs: this.#owner.nowMs, report })
  }

  /** It began and ended now, if not said otherwise. */
  ends(
    grant: Grant,
    outcome: Outcome,
    run: { startedMs?: number; endedMs?: number } = {},
  ): readonly Effect[] {
    this.#entries += 1
    const { token, jobId, phase, attempt } = grant
    const { nowMs } = this.#owner
    const times = { startedMs: nowMs, endedMs: nowMs, ...run }
    const result = { entry: this.#entries, token, jobId, phase, attempt, ...times, outcome }
    return this.report({ results: [result] })
  }

  finishes(grant: Grant, instructions = '{"done":1}'): readonly Effect[] {
    return this.ends(grant, { type: 'done', instructions: bytes(instructions) })
  }

  fails(grant: Grant, retry: 'default' | 'never' | number = 'default'): readonly Effect[] {
    const error = { kind: 'thrown', name: 'Error', message: 'no such film' }
    return this.ends(grant, { type: 'failed', error, retry })
  }

  holds(...grants: readonly Grant[]): readonly Effect[] {
    const held = grants.map(({ token, jobId, phase, attempt }): HeldToken => {
      return { token, jobId, phase, attempt, state: 'running', startedMs: this.#owner.nowMs }
    })
    return this.report({ held })
  }

  dies(): readonly Effect[] {
    const { nowMs } = this.#owner
    const { incarnation } = this
    return this.#owner.tell({ type: 'WorkerLost', nowMs, incarnation, cause: 'refused' })
  }
}

export function effectsOf<T extends Effect['type']>(
  effects: readonly Effect[],
  type: T,
): readonly EffectOf<T>[] {
  return effects.filter((effect): effect is EffectOf<T> => effect.type === type)
}
