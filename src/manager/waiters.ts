/**
 * Clients that wait for jobs to settle. What a client is told is what is written: the instructions that came
 * with the news, which waited for their commit, or what is read back from the store.
 */
import type { Effect } from '../core/effect.ts'
import type { JobRecord } from '../core/job.ts'
import { slicesOf } from '../language/slices.ts'
import { bodyBytesWanted } from '../wire/body.ts'
import type { SettledItem } from '../wire/replies.ts'
import { SliceSize } from './slice-size.ts'
import { TransientMap } from '../core/transient-map.ts'

interface Wait {
  readonly peer: string
  readonly request: number
  readonly open: Set<string>
  timer: NodeJS.Timeout | undefined
}

type Settled = Omit<Extract<Effect, { type: 'TellSettled' }>, 'type'>

export interface WaitersParts {
  /** The end of the job will be told: the store need not be asked for it. */
  isOpen(id: string): boolean
  getJobs(ids: readonly string[]): Promise<readonly JobRecord[]>
  /** Resolves when what was decided until now is in the store. */
  written(): Promise<void>
  answer(peer: string, request: number, items: readonly SettledItem[], isLast: boolean): void
  onError(error: unknown): void
}

export class Waiters {
  readonly #parts: WaitersParts
  readonly #byJob = new TransientMap<string, Set<Wait>>()
  readonly #waits = new Set<Wait>()
  /** To be told with the next flush … */
  #done: SettledItem[] = []
  /** … and those that have to be read before. */
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
    const endMs = performance.now() + timeoutMs
    try {
      await this.#tellKnown(wait, ids)
    } finally {
      // Not before: who gives no time at all asks for what has settled already.
      if (this.#waits.has(wait)) {
        const leftMs = Math.max(0, endMs - performance.now())
        wait.timer = setTimeout(() => this.#timeOut(wait), leftMs)
      }
    }
  }

  async #tellKnown(wait: Wait, ids: readonly string[]): Promise<void> {
    const unknown = ids.filter((id) => !this.#parts.isOpen(id))
    for (let at = 0; at < unknown.length && !this.#isStopped;) {
      const chunk = unknown.slice(at, at + this.#slice.jobs)
      at += chunk.length
      const records = await this.#lookUp(chunk)
      const missing = chunk.filter((id) => !records.has(id))
      if (missing.length > 0) {
        // They may have been enqueued a moment ago, and not be written yet.
        await this.#parts.written()
        for (const [id, record] of await this.#lookUp(missing)) records.set(id, record)
      }
      this.#answer(
        wait,
        chunk.flatMap((id) => settledItem(id, records.get(id)) ?? []),
      )
    }
  }

  async #lookUp(ids: readonly string[]): Promise<Map<string, JobRecord>> {
    const jobs = await this.#parts.getJobs(ids)
    this.#slice.read(jobs)
    return new Map(jobs.map((job) => [job.id, job]))
  }

  /** A job has settled: whoever waits for it will be told with the next flush. */
  settled({ id, state, instructions }: Settled): void {
    if (!this.#byJob.has(id)) return
    if (state === 'done' && instructions !== undefined) this.#done.push({ id, state, instructions })
    else this.#settled.push(id)
  }

  flush(): void {
    if (this.#done.length > 0) this.#tell(this.#done.splice(0))
    if (this.#settled.length === 0 || this.#isFlushing || this.#isStopped) return
    this.#isFlushing = true
    void this.#tellRead()
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

  async #tellRead(): Promise<void> {
    const ids = this.#settled.splice(0, this.#slice.jobs)
    const records = await this.#lookUp(ids)
    // One that was dead may have been discarded meanwhile.
    this.#tell(ids.flatMap((id) => settledItem(id, records.get(id)) ?? []))
  }

  #tell(settled: readonly SettledItem[]): void {
    const items = new Map<Wait, SettledItem[]>()
    for (const item of settled) {
      for (const wait of this.#byJob.get(item.id) ?? []) {
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
