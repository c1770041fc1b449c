/**
 * Clients that wait for jobs to settle. A job that settles is read back from the store, so what a client
 * is told is what is written.
 */
import type { JobRecord } from '../core/job.ts'
import { slicesOf } from '../language/slices.ts'
import { bodyBytesWanted } from '../wire/body.ts'
import type { SettledItem } from '../wire/replies.ts'
import { SliceSize } from './slice-size.ts'

interface Wait {
  readonly peer: string
  readonly request: number
  readonly open: Set<string>
  timer: NodeJS.Timeout | undefined
}

export interface WaitersParts {
  getJobs(ids: readonly string[]): Promise<readonly JobRecord[]>
  answer(peer: string, request: number, items: readonly SettledItem[], isLast: boolean): void
  onError(error: unknown): void
}

export class Waiters {
  readonly #parts: WaitersParts
  readonly #byJob = new Map<string, Set<Wait>>()
  readonly #waits = new Set<Wait>()
  #settled: string[] = []
  readonly #slice = new SliceSize()
  #isFlushing = false
  #isStopped = false

  constructor(parts: WaitersParts) {
    this.#parts = parts
  }

  /** Answers at once what has settled already, the rest as it settles. */
  async wait(
    peer: string,
    request: number,
    { ids, timeoutMs }: { ids: readonly string[]; timeoutMs: number },
  ): Promise<void> {
    const wait: Wait = { peer, request, open: new Set(ids), timer: undefined }
    // Registered first: a job that settles while the store is read must not slip through.
    this.#waits.add(wait)
    for (const id of wait.open) {
      const waits = this.#byJob.get(id)
      if (waits === undefined) this.#byJob.set(id, new Set([wait]))
      else waits.add(wait)
    }
    wait.timer = setTimeout(() => this.#timeOut(wait), timeoutMs)
    for (let at = 0; at < ids.length && !this.#isStopped;) {
      const chunk = ids.slice(at, at + this.#slice.jobs)
      at += chunk.length
      const records = new Map((await this.#lookUp(chunk)).map((job) => [job.id, job]))
      const items = chunk.flatMap((id) => settledItem(id, records.get(id)) ?? [])
      this.#answer(wait, items)
    }
  }

  async #lookUp(ids: readonly string[]): Promise<readonly JobRecord[]> {
    const jobs = await this.#parts.getJobs(ids)
    this.#slice.read(jobs)
    return jobs
  }

  /** A job has settled: whoever waits for it will be told with the next flush. */
  settled(id: string): void {
    if (this.#byJob.has(id)) this.#settled.push(id)
  }

  flush(): void {
    if (this.#settled.length === 0 || this.#isFlushing || this.#isStopped) return
    this.#isFlushing = true
    void this.#tell()
      .catch((error: unknown) => {
        // By now the shard may have another owner in this process.
        if (!this.#isStopped) this.#parts.onError(error)
      })
      .finally(() => {
        this.#isFlushing = false
        this.flush()
      })
  }

  /** Ends all waits, and answers who has to wait elsewhere. */
  abandon(): readonly { readonly peer: string; readonly request: number }[] {
    this.#isStopped = true
    const waits = [...this.#waits]
    for (const { timer } of waits) clearTimeout(timer)
    this.#waits.clear()
    this.#byJob.clear()
    return waits
  }

  async #tell(): Promise<void> {
    const ids = this.#settled.splice(0, this.#slice.jobs)
    const items = new Map<Wait, SettledItem[]>()
    for (const record of await this.#lookUp(ids)) {
      const item = settledItem(record.id, record)
      if (item === undefined) continue
      for (const wait of this.#byJob.get(record.id) ?? []) {
        const list = items.get(wait)
        if (list === undefined) items.set(wait, [item])
        else list.push(item)
      }
    }
    for (const [wait, list] of items) this.#answer(wait, list)
  }

  #answer(wait: Wait, items: readonly SettledItem[]): void {
    const fresh = items.filter(({ id }) => wait.open.delete(id))
    for (const { id } of fresh) this.#forget(id, wait)
    if (fresh.length === 0) return
    const isLast = wait.open.size === 0
    const replies = slicesOf(fresh, ({ instructions }) => instructions?.length ?? 0, {
      bytesMax: bodyBytesWanted,
    })
    for (const [at, reply] of replies.entries()) {
      this.#parts.answer(wait.peer, wait.request, reply, isLast && at === replies.length - 1)
    }
    if (isLast) this.#end(wait)
  }

  #timeOut(wait: Wait): void {
    const items = [...wait.open].map((id) => ({ id, state: 'timedOut' as const }))
    this.#parts.answer(wait.peer, wait.request, items, true)
    for (const { id } of items) this.#forget(id, wait)
    this.#end(wait)
  }

  #forget(id: string, wait: Wait): void {
    const waits = this.#byJob.get(id)
    waits?.delete(wait)
    if (waits?.size === 0) this.#byJob.delete(id)
  }

  #end(wait: Wait): void {
    clearTimeout(wait.timer)
    this.#waits.delete(wait)
  }
}

/** `undefined` while the job is not settled. */
function settledItem(id: string, record: JobRecord | undefined): SettledItem | undefined {
  if (record === undefined) return { id, state: 'notFound' }
  const { state, instructions, deathReason, lastError } = record
  if (state === 'done') return { id, state, instructions }
  if (state === 'cancelled') return { id, state }
  if (state !== 'dead') return undefined
  const reason = deathReason ?? 'attempts'
  const error = {
    kind: reason,
    name: 'JobFailed',
    message: lastError ?? `the job is dead: ${reason}`,
  }
  return { id, state, reason, error }
}
