/**
 * The dispatcher behind its commit gate: the one object that a shell (or the simulator) drives. Events
 * go in, effects that may leave come out, and groups wait to be committed.
 */
import { CommitGate } from './commit-gate.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Effect } from './effect.ts'
import type { Event } from './event.ts'
import type { CommitAnswer, Group } from './mutation.ts'
import type { OwnerConfig, Step } from './shard.ts'
import type { ShardStatus } from './status.ts'

/** Sees every step as it is decided, before the gate: the simulator's checkers need it. */
export type StepObserver = (event: Event, step: Step) => void

export class ShardOwner {
  /** Names its streams. */
  readonly nonce: string
  readonly #dispatcher: Dispatcher
  readonly #gate: CommitGate
  readonly #observe: StepObserver | undefined

  constructor(config: OwnerConfig, observe?: StepObserver) {
    this.nonce = config.nonce
    this.#observe = observe
    this.#dispatcher = new Dispatcher(config)
    const { epoch, nonce, limits } = config
    const { groupMutationsMax: mutations, groupBytesMax: bytes } = limits
    this.#gate = new CommitGate(`${epoch}-${nonce}`, { mutations, bytes })
  }

  get nextDeadlineMs(): number | undefined {
    return this.#dispatcher.nextDeadlineMs
  }

  /** Nothing waits to be written or sent. */
  get isIdle(): boolean {
    return this.#gate.isIdle
  }

  /** Names what was decided until now, for `isDurable`. */
  get barrier(): number {
    return this.#gate.barrier
  }

  isDurable(barrier: number): boolean {
    return this.#gate.isDurable(barrier)
  }

  status(): ShardStatus {
    return this.#dispatcher.status()
  }

  /** That part of the status alone: retention asks for it with every slice. */
  get settled(): ShardStatus['settled'] {
    return this.#dispatcher.settled
  }

  /** The job is in memory and has not settled: a `TellSettled` will say when it has. */
  isOpen(id: string): boolean {
    return this.#dispatcher.isOpen(id)
  }

  /** Id of the worker that has the job now. */
  holderOf(id: string): string | undefined {
    return this.#dispatcher.holderOf(id)
  }

  /** Ids of the jobs that the worker with this id has now. */
  heldBy(worker: string): readonly string[] {
    return this.#dispatcher.heldBy(worker)
  }

  handle(event: Event): readonly Effect[] {
    this.#step(event)
    return this.#gate.takeFree()
  }

  /** The next group to commit. One at a time: answer it before the next comes. */
  nextGroup(): Group | undefined {
    return this.#gate.nextGroup()
  }

  committed(group: Group, answer: CommitAnswer, nowMs: number): readonly Effect[] {
    this.#gate.answered(group)
    this.#step({ type: 'GroupCommitted', nowMs, answer })
    return this.#gate.takeFree()
  }

  /** The store had no room for this group of inserts. */
  refused(group: Group, nowMs: number): readonly Effect[] {
    this.#gate.answered(group)
    const inserts = group.mutations.length
    this.#step({ type: 'GroupRefused', nowMs, inserts })
    return this.#gate.takeFree()
  }

  #step(event: Event): void {
    const step = this.#dispatcher.handle(event)
    this.#observe?.(event, step)
    this.#gate.admit(step)
  }
}
