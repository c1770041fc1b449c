/** What the owner of a shard loads: each call is one script, at the cost of what it returns. */
import type { AttemptRecord, JobRecord } from '../../core/job.ts'
import type { DueCursor, ReadyCursor, ShardRef, ShardSummary } from '../contract.ts'
import { unpackAttempts } from '../packed.ts'
import { storeForeign } from '../storage-errors.ts'
import type { Connection } from './connection.ts'
import type { RedisReply } from './driver.ts'
import { keysOf, memberOf, readyScore, type ShardKeys } from './keys.ts'
import { bytesOf, isList, listOf, recordsOf, textOf } from './records.ts'
import { byIdScript, dueScript, readyScript, summaryScript } from './scripts/reading.ts'

export class OwnerReads {
  readonly #connection: Connection
  readonly #prefix: string
  readonly #where: string

  constructor(connection: Connection, prefix: string, where: string) {
    this.#connection = connection
    this.#prefix = prefix
    this.#where = where
  }

  async ready(
    ref: ShardRef,
    range: { phase: number; after?: ReadyCursor; limit: number },
  ): Promise<JobRecord[]> {
    const { phase, after, limit } = range
    if (limit <= 0) return []
    const lowest = after === undefined ? '-inf' : `(${readyScore(after.priority, after.sequence)}`
    const keys = this.#keys(ref)
    const reply = await this.#read(
      readyScript,
      [...rowKeys(keys), keys.ready(phase)],
      [lowest, limit],
    )
    return this.#whole(ref, reply)
  }

  async due(
    ref: ShardRef,
    range: { untilMs: number; after?: DueCursor; limit: number },
  ): Promise<{ jobs: JobRecord[]; nextDueMs?: number }> {
    const { untilMs, after, limit } = range
    const keys = this.#keys(ref)
    const cursor = after === undefined ? ['', ''] : [after.dueMs, memberOf(after.sequence)]
    const args = [untilMs, Math.max(0, limit), ...cursor]
    const reply = await this.#read(dueScript, [...rowKeys(keys), keys.scheduled], args)
    const [rows, next] = isList(reply) ? reply : []
    const jobs = this.#whole(ref, rows ?? null)
    const nextDue = textOf(next)
    return nextDue === '' ? { jobs } : { jobs, nextDueMs: Number(nextDue) }
  }

  async byIds(ref: ShardRef, ids: readonly string[]): Promise<JobRecord[]> {
    if (ids.length === 0) return []
    const keys = this.#keys(ref)
    return recordsOf(ref.shard, await this.#read(byIdScript, [...rowKeys(keys), keys.id], ids))
  }

  async attempts(ref: ShardRef, id: string): Promise<AttemptRecord[]> {
    const keys = this.#keys(ref)
    const reply = await this.#read(byIdScript, [...rowKeys(keys), keys.id], [id])
    return unpackAttempts(bytesOf(listOf(reply, 2)[0]))
  }

  async summary(ref: ShardRef): Promise<ShardSummary> {
    const keys = this.#keys(ref)
    const more = [keys.shard, keys.counters, keys.scheduled, keys.paused, keys.noted]
    const reply = await this.#read(summaryScript, [...rowKeys(keys), ...more], [])
    const [sequence, , , , noted] = isList(reply) ? reply : []
    const counters = countersOf(listOf(reply, 1))
    const nextDueMs = listOf(reply, 2)[1]
    return {
      lastSequence: Number(textOf(sequence)),
      phases: phasesOf(counters),
      settled: {
        done: counters.get('done') ?? 0,
        dead: counters.get('dead') ?? 0,
        cancelled: counters.get('cancelled') ?? 0,
      },
      ...(nextDueMs === undefined ? {} : { nextDueMs: Number(textOf(nextDueMs)) }),
      paused: listOf(reply, 3)
        .map((phase) => Number(textOf(phase)))
        .toSorted((a, b) => a - b),
      noted: recordsOf(ref.shard, noted ?? null),
    }
  }

  /** Left out, jobs without a record would be taken for the end of the list, and hide all behind them. */
  #whole(ref: ShardRef, reply: RedisReply): JobRecord[] {
    const jobs = recordsOf(ref.shard, reply)
    const missing = listOf(reply, 0).length - jobs.length
    if (missing === 0) return jobs
    const why = `${missing} waiting jobs of shard ${ref.shard} of ${ref.pipeline} have no record`
    throw storeForeign(this.#where, `it is damaged: ${why}`)
  }

  #keys(ref: ShardRef): ShardKeys {
    return keysOf(this.#prefix, ref)
  }

  async #read(...[script, keys, args]: Parameters<Connection['run']>): Promise<RedisReply> {
    return await this.#connection.again(() => this.#connection.run(script, keys, args))
  }
}

/** A hash of counters. */
export function countersOf(reply: readonly RedisReply[]): Map<string, number> {
  const counters = new Map<string, number>()
  for (let index = 0; index < reply.length; index += 2) {
    counters.set(textOf(reply[index]), Number(textOf(reply[index + 1])))
  }
  return counters
}

function phasesOf(counters: ReadonlyMap<string, number>): ShardSummary['phases'] {
  const phases = new Map<number, { phase: number; ready: number; scheduled: number }>()
  for (const [name, jobs] of counters) {
    const [, kind, number] = /^([rs])(\d+)$/.exec(name) ?? []
    if (kind === undefined) continue
    const phase = Number(number)
    const waiting = phases.get(phase) ?? { phase, ready: 0, scheduled: 0 }
    waiting[kind === 'r' ? 'ready' : 'scheduled'] += jobs
    phases.set(phase, waiting)
  }
  return [...phases.values()].toSorted((a, b) => a.phase - b.phase)
}

function rowKeys(keys: ShardKeys): [string, string, string] {
  return [keys.job, keys.body, keys.history]
}
