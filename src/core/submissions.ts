/**
 * New jobs: checked at the door, inserted, and ready once the store has them. The store is the one that
 * knows whether an id is new, so the answer to the client waits for it.
 */
import type { Effect, SubmitOutcome } from './effect.ts'
import type { SubmittedJob } from './event.ts'
import { Fifo } from './fifo.ts'
import { invariant } from './invariant.ts'
import type { JobRecord } from './job.ts'
import { hasHalfCharacter } from './job-id.ts'
import type { InsertAnswer } from './mutation.ts'
import type { Shard } from './shard.ts'

/** A request whose answer is not complete. */
interface OpenRequest {
  readonly request: string
  readonly items: { readonly id: string; outcome: SubmitOutcome }[]
  unanswered: number
}

interface PendingInsert {
  readonly record: JobRecord
  readonly request: OpenRequest
  readonly item: number
}

export class Submissions {
  readonly #shard: Shard
  /** In the order of their inserts: groups are committed in that order too. */
  readonly #pending = new Fifo<PendingInsert>()
  #pendingBytes = 0

  constructor(shard: Shard) {
    this.#shard = shard
  }

  get uncommitted(): number {
    return this.#pending.size
  }

  /** Whether the job is an insert without an answer, which the store may show nevertheless when that was lost. */
  isPending(record: JobRecord): boolean {
    const { first } = this.#pending
    return first !== undefined && record.sequence >= first.record.sequence
  }

  submit(requestId: string, jobs: readonly SubmittedJob[]): void {
    const request: OpenRequest = { request: requestId, items: [], unanswered: 0 }
    for (const job of jobs) {
      const refusal = this.#refusal(job)
      request.items.push({ id: job.id, outcome: refusal ?? 'stored' })
      if (refusal === undefined) this.#insert(job, request)
    }
    if (request.unanswered === 0) this.#answer(request)
  }

  /** The store's answers to the inserts of one group. */
  committed(answers: readonly InsertAnswer[]): void {
    for (const answer of answers) {
      const pending = this.#next()
      invariant(pending.record.id === answer.id, 'inserts are answered in their order')
      if (answer.outcome === 'stored') {
        this.#shard.counters.stored += 1
        this.#shard.makeReady(this.#shard.bringIn(pending.record))
      }
      this.#settle(pending, answer.outcome)
    }
  }

  /** The store had no room for the next `count` inserts. */
  refused(count: number): void {
    for (let n = 0; n < count; n++) this.#settle(this.#next(), 'full')
  }

  #refusal(job: SubmittedJob): SubmitOutcome | undefined {
    const { limits } = this.#shard.config
    const { priority } = job
    const idBytes = utf8Length(job.id)
    if (idBytes === 0 || idBytes > limits.idBytesMax || hasHalfCharacter(job.id)) return 'invalid'
    const phase = job.replay?.phase ?? 0
    if (!Number.isInteger(phase) || this.#shard.config.spec.phases[phase] === undefined)
      return 'invalid'
    if (!Number.isInteger(priority) || priority < -10 || priority > 10) return 'invalid'
    if (job.instructions.length > limits.jobBytesMax) return 'tooLarge'
    if (job.sentMs > 0 && this.#shard.nowMs - job.sentMs > limits.enqueueTtlMs) return 'expired'
    const isFull = this.#shard.waiting + this.uncommitted >= limits.waitingJobsMax
    const isTooMuch =
      this.uncommitted >= limits.uncommittedInsertsMax ||
      this.#pendingBytes >= limits.uncommittedBytesMax
    const isBusy = this.#shard.draining || isTooMuch
    return isFull || isBusy ? 'busy' : undefined
  }

  #insert(submitted: SubmittedJob, request: OpenRequest): void {
    const shard = this.#shard
    const { id, priority, instructions, checksum, replay } = submitted
    const record: JobRecord = {
      id,
      shard: shard.config.shard,
      sequence: shard.nextSequence,
      state: 'ready',
      phase: replay?.phase ?? 0,
      priority,
      attempts: 0,
      crashes: 0,
      attemptsMax: 0,
      enqueuedMs: shard.nowMs,
      dueMs: shard.nowMs,
      instructions,
      checksum,
      tokenMin: '',
      suspect: false,
      applied: [],
      ...(replay === undefined ? {} : { replayOf: replay.of }),
    }
    shard.nextSequence += 1
    this.#pendingBytes += instructions.length
    this.#pending.push({ record, request, item: request.items.length - 1 })
    request.unanswered += 1
    shard.mutate({ type: 'insert', job: record })
  }

  #next(): PendingInsert {
    const pending = this.#pending.take()
    invariant(pending !== undefined, 'an insert was answered that nobody made')
    this.#pendingBytes -= pending.record.instructions.length
    return pending
  }

  #settle({ request, item }: PendingInsert, outcome: SubmitOutcome): void {
    const entry = request.items[item]
    if (entry !== undefined) entry.outcome = outcome
    request.unanswered -= 1
    if (request.unanswered === 0) this.#answer(request)
  }

  #answer({ request, items }: OpenRequest): void {
    const effect: Effect = { type: 'AnswerClient', request, items }
    this.#shard.effect(effect)
  }
}

/** Bytes of the text in UTF-8; the core has no TextEncoder. */
function utf8Length(text: string): number {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}
