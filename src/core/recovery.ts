/**
 * Work that this owner did not hand out itself: what workers say they hold from an earlier owner, and late
 * results of jobs that are not in memory. All of it is looked up in the store by id before anything is
 * decided, since the store is the truth.
 *
 * Theory of operation. A new owner calls the roll (`open` on every stream). Each worker answers with the
 * tokens it holds; a claim counts when the job is still unsettled at that phase and attempt, and the
 * token is not below the job's `tokenMin`. Claims are collected until the roll call closes, and the
 * highest token wins: it is *adopted*, the job runs on under its old token and nothing is repeated.
 * Until then no job that an earlier owner may have granted is granted again.
 */
import type { HeldToken, Result } from './event.ts'
import type { Grant, Job, JobId, JobRecord, RunningNote } from './job.ts'
import { isSettled } from './job-transitions.ts'
import { answerResult, applyResult } from './settling.ts'
import type { Shard } from './shard.ts'
import { fenceOf, isNewer, parseToken, sameToken, tokenText, type Token } from './token.ts'
import { keepOrder, type Worker } from './workers.ts'

interface Claim {
  readonly incarnation: string
  readonly token: Token
  readonly phase: number
  readonly attempt: number
  readonly startedMs: number
}

/** What waits for the store's word about one job. */
interface Question {
  readonly claims: Claim[]
  readonly results: { incarnation: string; result: Result }[]
}

export class Recovery {
  readonly #shard: Shard
  readonly #questions = new Map<JobId, Question>()
  /** Ids to be asked for with the next effect. */
  #unasked: JobId[] = []
  /** Claims that wait for the close of the roll call, with the record that the store showed. */
  readonly #candidates = new Map<JobId, { record: JobRecord; claims: Claim[] }>()
  /** What was asked before the time for claims was over, and has no answer yet; `undefined`: it is not over. */
  #awaited: Set<JobId> | undefined

  constructor(shard: Shard) {
    this.#shard = shard
  }

  /** A worker holds a token that is not among the grants this owner knows of it. */
  claim(worker: Worker, held: HeldToken): void {
    const { token, phase, attempt, startedMs } = held
    this.#shard.heardOf(token)
    const claim = { incarnation: worker.info.incarnation, token, phase, attempt, startedMs }
    const job = this.#shard.jobs.get(held.jobId)
    if (job !== undefined) return this.#decide(claim, job)
    const record = this.#candidateOf(held.jobId)
    if (record === undefined) this.#ask(held.jobId).claims.push(claim)
    else this.#keepCandidate(record, claim)
  }

  /** A result whose job is not in memory. */
  result(incarnation: string, result: Result): void {
    const record = this.#candidateOf(result.jobId)
    if (record === undefined) this.#ask(result.jobId).results.push({ incarnation, result })
    else this.#resolveResult(incarnation, result, record)
  }

  /**
   * What the store has shown of a job during the roll call, if that is still so. Workers say every second what they
   * hold: were it looked up again each time, hundreds of them would never let the roll call close.
   */
  #candidateOf(id: JobId): JobRecord | undefined {
    return this.#shard.leftInRollCall.has(id) ? undefined : this.#candidates.get(id)?.record
  }

  /** A result of a job that is in memory and with nobody. */
  returned(incarnation: string, result: Result, job: Job): void {
    this.#resolveResult(incarnation, result, job)
  }

  /** Orders the look-up of what has been asked since the last time. */
  flush(): void {
    if (this.#unasked.length === 0) return
    const load = this.#shard.loadBegins()
    this.#shard.effect({ type: 'LookUpJobs', load, ids: this.#unasked, isInTurn: false })
    this.#unasked = []
  }

  lookedUp(load: number, ids: readonly JobId[], records: readonly JobRecord[]): void {
    const byId = new Map(records.map((record) => [record.id, record]))
    for (const id of ids) {
      const question = this.#questions.get(id)
      this.#questions.delete(id)
      this.#awaited?.delete(id)
      if (question !== undefined) this.#resolve(question, load, { id, record: byId.get(id) })
    }
    if (this.#awaited?.size === 0) this.#close()
  }

  /** The time for claims is over: decide, and open the queues, when those are looked up that came in time. */
  rollCallEnds(): void {
    this.#awaited = new Set(this.#questions.keys())
    if (this.#awaited.size === 0) this.#close()
  }

  #close(): void {
    const shard = this.#shard
    this.#awaited = undefined
    shard.rollCallOpen = false
    for (const [id, { record, claims }] of this.#candidates) {
      claims.sort((a, b) => (isNewer(a.token, b.token) ? -1 : 1))
      // Cancelled during the roll call, for example: what the store showed before is no longer true.
      const known = shard.leftInRollCall.has(id) ? undefined : record
      for (const claim of claims) this.#decide(claim, shard.jobs.get(id), known)
    }
    this.#candidates.clear()
    shard.leftInRollCall.clear()
  }

  #ask(id: JobId): Question {
    let question = this.#questions.get(id)
    if (question === undefined) {
      question = { claims: [], results: [] }
      this.#questions.set(id, question)
      this.#unasked.push(id)
    }
    return question
  }

  /** Each item sees what the one before has made of the job. */
  #resolve(
    { claims, results }: Question,
    load: number,
    { id, record }: { id: JobId; record: JobRecord | undefined },
  ): void {
    const shard = this.#shard
    // It changed after the store was read, and has left memory: the worker says it again.
    const isOutdated = () => shard.jobs.get(id) === undefined && shard.isStaleRead(id, load)
    for (const { incarnation, result } of results) {
      if (!isOutdated()) this.#resolveResult(incarnation, result, shard.jobs.get(id) ?? record)
    }
    for (const claim of claims) {
      if (isOutdated()) return
      const job = shard.jobs.get(id)
      if (job === undefined && record !== undefined && shard.rollCallOpen) {
        this.#keepCandidate(record, claim)
      } else this.#decide(claim, job, record)
    }
  }

  #resolveResult(incarnation: string, result: Result, known: Job | JobRecord | undefined): void {
    const shard = this.#shard
    shard.heardOf(result.token)
    // Adopted while the store was being read.
    const held = shard.jobs.get(result.jobId)?.grant
    if (held !== undefined && sameToken(held.token, result.token)) {
      return this.#apply(incarnation, result, held)
    }
    const to = { incarnation, entry: result.entry }
    const text = tokenText(result.token)
    if (known === undefined) return answerResult(shard, to, 'gone')
    if (known.applied.includes(text)) return answerResult(shard, to, 'duplicate')
    if (isSettled(known.state)) return answerResult(shard, to, 'gone')
    const { token, phase, attempt, startedMs } = result
    const claim: Claim = { incarnation, token, phase, attempt, startedMs }
    if (!isAdoptable(known, claim)) return answerResult(shard, to, 'stale')
    const record = 'shard' in known ? known : undefined
    if (shard.rollCallOpen && record !== undefined) {
      // No answer yet: the worker sends it again, and by then the roll call has decided.
      this.#keepCandidate(record, claim)
      return
    }
    this.#apply(incarnation, result, this.#adopt(claim, shard.jobs.get(result.jobId), record))
  }

  #apply(incarnation: string, result: Result, granted: Grant): void {
    const shard = this.#shard
    applyResult(shard, granted, result)
    const worker = shard.workers.get(incarnation)
    if (worker !== undefined) shard.freeSlot(worker, granted.key)
    answerResult(shard, { incarnation, entry: result.entry }, 'applied')
  }

  #keepCandidate(record: JobRecord, claim: Claim): void {
    const candidate = this.#candidates.get(record.id) ?? { record, claims: [] }
    if (!candidate.claims.some((other) => sameToken(other.token, claim.token))) {
      candidate.claims.push(claim)
    }
    this.#candidates.set(record.id, candidate)
  }

  #decide(claim: Claim, job: Job | undefined, record?: JobRecord): void {
    const known = job ?? record
    // It may be gone since it claimed: nobody would ever release what it was given.
    if (this.#shard.workers.get(claim.incarnation) === undefined) return
    if (job?.grant !== undefined && sameToken(job.grant.token, claim.token)) return
    if (known !== undefined && isAdoptable(known, claim)) this.#adopt(claim, job, record)
    else this.#abort(claim)
  }

  #abort({ incarnation, token }: Claim): void {
    const worker = this.#shard.workers.get(incarnation)
    if (worker !== undefined) abortRun(this.#shard, worker, token, 'superseded')
  }

  /** As if its worker had claimed it: see `Liveness.presume`. */
  presume(record: JobRecord, { token: text, incarnation, sinceMs }: RunningNote): void {
    const token = parseToken(text)
    this.#shard.heardOf(token)
    if (token === undefined || this.#shard.workers.get(incarnation) === undefined) return
    const { phase, attempts } = record
    const claim = { incarnation, token, phase, attempt: attempts + 1, startedMs: sinceMs }
    if (!isAdoptable(record, claim)) return
    this.#adopt(claim, undefined, record).noted = true
  }

  #adopt(claim: Claim, inMemory: Job | undefined, record: JobRecord | undefined): Grant {
    const shard = this.#shard
    const { incarnation, token, phase, attempt, startedMs } = claim
    const job = inMemory ?? shard.bringIn(record as JobRecord)
    takeOutOfQueue(shard, job, inMemory === undefined)
    shard.signal(job, 'grant')
    const granted: Grant = {
      job,
      token,
      key: shard.keyOf(token),
      incarnation,
      phase,
      attempt,
      order: 0,
      grantedMs: startedMs === 0 ? shard.nowMs : startedMs,
      startedMs,
      tookMs: 0,
      received: true,
      noted: false,
      missing: 0,
    }
    job.grant = granted
    shard.workers.get(incarnation)?.grants.set(granted.key, granted)
    shard.counters.adopted += 1
    return granted
  }
}

/** Tells a worker, once, to stop the run under a token. */
export function abortRun(
  shard: Shard,
  worker: Worker,
  token: Token,
  reason: 'cancelled' | 'superseded',
): void {
  const key = shard.keyOf(token)
  if (worker.aborted.has(key)) return
  worker.aborted.add(key)
  const order = keepOrder(worker, {
    type: 'abort',
    token,
    reason,
    pingAtSend: worker.ping,
    sends: 1,
  })
  shard.effect({ type: 'Abort', incarnation: worker.info.incarnation, order, token, reason })
}

/** Ready or scheduled, hot or cold: afterwards it is `ready` and in no queue. */
export function takeOutOfQueue(shard: Shard, job: Job, wasCold: boolean): void {
  if (job.state === 'scheduled') {
    shard.scheduledCount -= 1
    if (!wasCold) shard.scheduled.leave(job)
    shard.signal(job, 'due')
  } else if (wasCold) shard.ready(job.phase).leaveCold()
  else shard.ready(job.phase).leave(job)
}

/** Unsettled, with nobody, at the claim's phase and attempt, and the token is not fenced off. */
export function isAdoptable(
  known: Job | JobRecord,
  claim: { token: Token; phase: number; attempt: number },
): boolean {
  const isFree = known.state === 'ready' || known.state === 'scheduled'
  const isSameRun = known.phase === claim.phase && known.attempts + 1 === claim.attempt
  return isFree && isSameRun && fenceOf(claim.token) >= known.tokenMin
}
