/**
 * Lists and counts for people, on a connection of their own and in slices, so that they neither hold the
 * server nor stand before a commit. A page or a count looks at a bounded number of records; then it answers
 * with what it has and a cursor. What changes under a walk may be seen as it was or as it is; what does not
 * is seen.
 */
import type { JobRecord } from '../../core/job.ts'
import { isPartOf } from '../../language/is-part-of.ts'
import { countExactMax, type JobCount, type JobPage, type JobQuery } from '../contract.ts'
import type { ShardRef } from '../contract.ts'
import { pageLimit, sequenceOfCursor } from '../page-cursor.ts'
import type { Connection } from './connection.ts'
import type { RedisArgument, RedisReply } from './driver.ts'
import { keysOf, memberOf, type ShardKeys } from './keys.ts'
import { countersOf } from './owner-reads.ts'
import { countersScript, membersScript } from './scripts/reading.ts'
import { isList, recordsOf, stateCodes, textOf, unpackJob, type PackedJob } from './records.ts'

/** Records that one page may look at. */
const listRecordsMax = 20_000
/** Records that one count may look at. */
const countRecordsMax = 50_000
/** Members or records of one command, a millisecond's worth. */
const slice = 1_000

/** Members newest first, in slices. */
type Walk = AsyncGenerator<readonly string[]>

export class JobLists {
  readonly #connection: Connection
  readonly #prefix: string

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
  }

  async list(
    ref: ShardRef,
    query: JobQuery,
    page: { after?: string; limit: number },
  ): Promise<JobPage> {
    const before = sequenceOfCursor(page.after)
    const limit = pageLimit(page.limit)
    const keys = keysOf(this.#prefix, ref)
    const found: string[] = []
    let looked = 0
    let lowest = ''
    for await (const members of this.#walk(keys, query, before)) {
      found.push(...(await this.#fitting(keys, query, members)))
      looked += members.length
      lowest = members.at(-1) ?? lowest
      if (found.length > limit || looked >= listRecordsMax) break
    }
    const jobs = await this.#records(ref, found.slice(0, limit))
    const next = found.length > limit ? found[limit - 1] : looked >= listRecordsMax ? lowest : ''
    return next === undefined || next === '' ? { jobs } : { jobs, next: String(Number(next)) }
  }

  async count(ref: ShardRef, query: JobQuery): Promise<JobCount> {
    const keys = keysOf(this.#prefix, ref)
    const known = await this.#known(keys, query)
    if (known !== undefined) return bounded(known, false)
    let [count, looked] = [0, 0]
    for await (const members of this.#walk(keys, query, Number.MAX_SAFE_INTEGER)) {
      if (looked >= countRecordsMax) return bounded(count, true)
      count += (await this.#fitting(keys, query, members)).length
      looked += members.length
      if (count > countExactMax) break
    }
    return bounded(count, false)
  }

  /** The number that a counter gives; `undefined` when jobs have to be looked at. */
  async #known(keys: ShardKeys, query: JobQuery): Promise<number | undefined> {
    const { state, phase, error, enqueuedBeforeMs } = query
    if (error !== undefined || enqueuedBeforeMs !== undefined) return undefined
    if (state === undefined && phase === undefined) {
      return Number(textOf(await this.#call('zcard', [keys.all])))
    }
    const counters = await this.#counters(keys)
    const names = [...counters.keys()].filter((name) => isOfState(name, state))
    const isWaiting = state === 'ready' || state === 'scheduled' || state === 'unsettled'
    if (phase !== undefined && !isWaiting) return undefined
    const wanted = names.filter((name) => phase === undefined || name.slice(1) === String(phase))
    return wanted.reduce((sum, name) => sum + (counters.get(name) ?? 0), 0)
  }

  /**
   * Jobs of few are looked up in the sets of their state and sorted; otherwise all are walked through in
   * order of arrival.
   */
  async *#walk(keys: ShardKeys, query: JobQuery, before: number): Walk {
    const few = await this.#few(keys, query)
    if (few === undefined) {
      yield* this.#all(keys, before)
      return
    }
    const limit = memberOf(before)
    const members = few.filter((member) => member < limit).toSorted((a, b) => (a < b ? 1 : -1))
    for (let from = 0; from < members.length; from += slice) {
      yield members.slice(from, from + slice)
    }
  }

  async *#all(keys: ShardKeys, before: number): Walk {
    let highest = `(${before}`
    for (;;) {
      const range = [keys.all, highest, '-inf', 'LIMIT', 0, slice]
      const members = textsOf(await this.#call('zrevrangebyscore', range))
      yield members
      const last = members.at(-1)
      if (last === undefined || members.length < slice) return
      highest = `(${Number(last)}`
    }
  }

  /** Members of the state that is asked for, in no order; `undefined` when they are many or of all states. */
  async #few(keys: ShardKeys, { state, phase }: JobQuery): Promise<string[] | undefined> {
    if (state === undefined) return undefined
    const counters = await this.#counters(keys)
    const isFinal = state === 'done' || state === 'cancelled'
    const names = [...counters.keys()].filter((name) =>
      isFinal ? name === 'done' || name === 'cancelled' : isOfState(name, state),
    )
    const jobs = names.reduce((sum, name) => sum + (counters.get(name) ?? 0), 0)
    if (jobs > listRecordsMax) return undefined
    const sets = new Set(names.flatMap((name) => setOf(keys, name, phase)))
    // At one stroke: in slices by rank, what leaves before a slice would hide what comes after it.
    const read = () => this.#connection.run(membersScript, [...sets], [])
    return textsOf(await this.#connection.again(read))
  }

  /** Those of the members whose records fit the query. */
  async #fitting(
    keys: ShardKeys,
    query: JobQuery,
    members: readonly string[],
  ): Promise<readonly string[]> {
    if (members.length === 0) return []
    const reply = await this.#call('hmget', [keys.job, ...members])
    const jobs = isList(reply) ? reply : []
    const isFitting = fitOf(query)
    return members.filter((_, index) => {
      const job = jobs[index]
      return job instanceof Uint8Array && isFitting(unpackJob(job))
    })
  }

  async #records(ref: ShardRef, members: readonly string[]): Promise<JobRecord[]> {
    if (members.length === 0) return []
    const { job, body, history } = keysOf(this.#prefix, ref)
    const parts = [job, body, history].map((key) => this.#call('hmget', [key, ...members]))
    return recordsOf(ref.shard, await Promise.all(parts))
  }

  async #counters(keys: ShardKeys): Promise<Map<string, number>> {
    const read = () => this.#connection.run(countersScript, [keys.counters], [])
    const reply = await this.#connection.again(read)
    return countersOf(isList(reply) ? reply : [])
  }

  async #call(command: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    return await this.#connection.again(() => this.#connection.send(command, args))
  }
}

/** Whether a counter belongs to the state; every one does when none is asked for. */
function isOfState(name: string, state: JobQuery['state']): boolean {
  if (state === undefined) return true
  if (state === 'ready') return /^r\d/.test(name)
  if (state === 'scheduled') return /^s\d/.test(name)
  return state === 'unsettled' ? /^[rs]\d/.test(name) : name === state
}

/** The set that a counter counts. Scheduled jobs of all phases lie in one. */
function setOf(keys: ShardKeys, name: string, phase: number | undefined): string[] {
  const ready = /^r(\d+)$/.exec(name)?.[1]
  if (ready !== undefined) {
    return phase === undefined || phase === Number(ready) ? [keys.ready(Number(ready))] : []
  }
  if (name === 'dead') return [keys.dead]
  return [name === 'done' || name === 'cancelled' ? keys.ended : keys.scheduled]
}

function fitOf(query: JobQuery): (job: PackedJob) => boolean {
  const { state, phase, enqueuedBeforeMs, error } = query
  return (job) => {
    if (state === 'unsettled' && job[2] > stateCodes.scheduled) return false
    if (state !== undefined && state !== 'unsettled' && job[2] !== stateCodes[state]) return false
    if (phase !== undefined && job[3] !== phase) return false
    if (enqueuedBeforeMs !== undefined && job[8] >= enqueuedBeforeMs) return false
    return error === undefined || isPartOf(job[15] || undefined, error)
  }
}

function bounded(count: number, more: boolean): JobCount {
  return { count: Math.min(count, countExactMax), more: more || count > countExactMax }
}

function textsOf(reply: RedisReply): string[] {
  return isList(reply) ? reply.map(textOf) : []
}
