/**
 * One shard in memory. A group is drafted beside the stored jobs and taken over as a whole, so that a
 * mutation that does not fit leaves everything as it was.
 */
import type { JobRecord } from '../../core/job.ts'
import { isSettled } from '../../core/job-transitions.ts'
import type { CommitAnswer, Group, InsertAnswer, Mutation } from '../../core/mutation.ts'
import { isDueBefore } from '../../core/scheduled-jobs.ts'
import type { DueCursor, ReadyCursor, ShardRef, ShardSummary } from '../contract.ts'
import type { Ownership } from '../ownership.ts'
import { mutationMisfit } from '../storage-errors.ts'
import { changed, misfit, type JobMutation, type StoredJob } from '../transitions.ts'
import { ReadyLanes } from './ready-lanes.ts'

/** Changes of a group that is not yet taken over. `undefined` = removed. */
interface Draft {
  readonly jobs: Map<number, StoredJob | undefined>
  readonly ids: Map<string, number | undefined>
  readonly paused: Set<number>
  readonly inserts: InsertAnswer[]
  lastSequence: number
}

/** Stands for the whole pipeline among the paused phases. */
const wholePipeline = -1

export class MemoryShard {
  readonly ref: ShardRef
  ownership: Ownership | undefined
  readonly jobs = new Map<number, StoredJob>()
  readonly scheduled = new Set<number>()
  paused = new Set<number>()
  lastSequence = 0
  readonly #ids = new Map<string, number>()
  readonly #lanes = new ReadyLanes()
  #last: { group: string; answer: CommitAnswer } | undefined

  constructor(ref: ShardRef) {
    this.ref = ref
  }

  find(id: string): StoredJob | undefined {
    const sequence = this.#ids.get(id)
    return sequence === undefined ? undefined : this.jobs.get(sequence)
  }

  commit(group: Group): CommitAnswer {
    if (this.#last?.group === group.id) return this.#last.answer
    const draft: Draft = {
      jobs: new Map(),
      ids: new Map(),
      paused: new Set(this.paused),
      inserts: [],
      lastSequence: this.lastSequence,
    }
    for (const mutation of group.mutations) this.#draft(draft, mutation)
    this.#take(draft)
    const answer = { inserts: draft.inserts }
    this.#last = { group: group.id, answer }
    return answer
  }

  /** Removes jobs outside of a group: retention. */
  remove(sequences: readonly number[]): void {
    for (const sequence of sequences) this.#put(sequence, undefined)
  }

  /** Ready jobs of the phase after the cursor, in granting order. */
  ready(phase: number, after: ReadyCursor | undefined, limit: number): JobRecord[] {
    const found: JobRecord[] = []
    if (limit <= 0) return found
    for (const sequence of this.#lanes.from(phase, after)) {
      if (!this.#isReadyIn(sequence, phase)) continue
      const job = this.jobs.get(sequence)
      if (job !== undefined) found.push(job.record)
      if (found.length >= limit) break
    }
    return found
  }

  /** Scheduled jobs behind the cursor that are due by `untilMs`, and when the first of the others is due. */
  due(range: { untilMs: number; after?: DueCursor; limit: number }): {
    jobs: readonly JobRecord[]
    nextDueMs?: number
  } {
    const { after, untilMs, limit } = range
    const scheduled = [...this.scheduled]
      .flatMap((sequence) => this.jobs.get(sequence)?.record ?? [])
      .filter((record) => after === undefined || isDueBefore(after, record))
      .sort((a, b) => (isDueBefore(a, b) ? -1 : 1))
    const jobs = scheduled.filter(({ dueMs }) => dueMs <= untilMs).slice(0, Math.max(0, limit))
    const nextDueMs = scheduled[jobs.length]?.dueMs
    return nextDueMs === undefined ? { jobs } : { jobs, nextDueMs }
  }

  summary(): ShardSummary {
    const phases = new Map<number, { phase: number; ready: number; scheduled: number }>()
    const settled = { done: 0, dead: 0, cancelled: 0 }
    const noted: JobRecord[] = []
    for (const { record } of this.jobs.values()) {
      const { state, phase } = record
      if (isSettled(state)) {
        settled[state] += 1
        continue
      }
      if (record.running !== undefined) noted.push(record)
      const waiting = phases.get(phase) ?? { phase, ready: 0, scheduled: 0 }
      waiting[state] += 1
      phases.set(phase, waiting)
    }
    const { nextDueMs } = this.due({ untilMs: 0, limit: 0 })
    return {
      lastSequence: this.lastSequence,
      phases: [...phases.values()].sort((a, b) => a.phase - b.phase),
      settled,
      ...(nextDueMs === undefined ? {} : { nextDueMs }),
      paused: [...this.paused].sort((a, b) => a - b),
      noted: noted.sort((a, b) => a.sequence - b.sequence),
    }
  }

  #draft(draft: Draft, mutation: Mutation): void {
    if (mutation.type === 'insert') this.#insert(draft, mutation)
    else if (mutation.type === 'pause') draft.paused.add(mutation.phase ?? wholePipeline)
    else if (mutation.type === 'resume') draft.paused.delete(mutation.phase ?? wholePipeline)
    else this.#change(draft, mutation)
  }

  #change(draft: Draft, mutation: JobMutation): void {
    const job = this.#seen(draft, mutation.job.sequence)
    const why = misfit(job, mutation)
    if (why !== undefined || job === undefined) {
      throw mutationMisfit(this.ref, mutation, why ?? 'no such job')
    }
    const next = changed(job, mutation)
    draft.jobs.set(job.record.sequence, next)
    if (next === undefined) draft.ids.set(job.record.id, undefined)
  }

  #insert(draft: Draft, mutation: Extract<Mutation, { type: 'insert' }>): void {
    const { id, sequence, checksum } = mutation.job
    const known = draft.ids.has(id) ? draft.ids.get(id) : this.#ids.get(id)
    if (known !== undefined) {
      const same = this.#seen(draft, known)?.record.checksum === checksum
      draft.inserts.push({ id, outcome: same ? 'duplicate' : 'conflict' })
      return
    }
    if (this.#seen(draft, sequence) !== undefined) {
      throw mutationMisfit(this.ref, mutation, `sequence ${sequence} is taken`)
    }
    draft.jobs.set(sequence, { record: { ...mutation.job, applied: [] }, attempts: [] })
    draft.ids.set(id, sequence)
    draft.lastSequence = Math.max(draft.lastSequence, sequence)
    draft.inserts.push({ id, outcome: 'stored' })
  }

  #seen(draft: Draft, sequence: number): StoredJob | undefined {
    return draft.jobs.has(sequence) ? draft.jobs.get(sequence) : this.jobs.get(sequence)
  }

  #take(draft: Draft): void {
    for (const [sequence, job] of draft.jobs) this.#put(sequence, job)
    this.paused = draft.paused
    this.lastSequence = draft.lastSequence
  }

  #put(sequence: number, next: StoredJob | undefined): void {
    const before = this.jobs.get(sequence)?.record
    const after = next?.record
    if (next === undefined) this.jobs.delete(sequence)
    else this.jobs.set(sequence, next)
    if (after !== undefined) this.#ids.set(after.id, sequence)
    else if (before !== undefined) this.#ids.delete(before.id)

    if (after?.state === 'scheduled') this.scheduled.add(sequence)
    else this.scheduled.delete(sequence)

    const stays = after?.state === 'ready' && before?.state === 'ready'
    if (stays && after.phase === before.phase) return
    if (before?.state === 'ready') {
      const { phase, priority } = before
      this.#lanes.drop(phase, priority, (other) => this.#isReadyIn(other, phase))
    }
    if (after?.state === 'ready') this.#lanes.add(after.phase, after.priority, sequence)
  }

  #isReadyIn(sequence: number, phase: number): boolean {
    const record = this.jobs.get(sequence)?.record
    return record?.state === 'ready' && record.phase === phase
  }
}
