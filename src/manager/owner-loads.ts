/**
 * What the core has loaded from the store: as many jobs as it wants, and no more of them than memory can take.
 * Two thousand jobs may be two thousand numbers, or the memory of the machine several times over.
 */
import type { JobRecord } from '../core/job.ts'
import { given } from '../language/given.ts'
import type { DueCursor, ReadyCursor, ShardRef, Storage } from '../storage/contract.ts'
import { SliceSize } from './slice-size.ts'

export class OwnerLoads {
  readonly #storage: Pick<Storage, 'loadReady' | 'loadDue'>
  readonly #ref: ShardRef
  readonly #bytesMax: number
  readonly #slice = new SliceSize()

  /** `bytesMax`: a load ends with the slice that brings its instructions to so many bytes. */
  constructor(
    storage: Pick<Storage, 'loadReady' | 'loadDue'>,
    ref: ShardRef,
    { bytesMax }: { bytesMax: number },
  ) {
    this.#storage = storage
    this.#ref = ref
    this.#bytesMax = bytesMax
  }

  /** Ready jobs behind the cursor, at most `limit`. `exhausted`: there are no others. */
  async ready(range: {
    readonly phase: number
    readonly after: ReadyCursor | undefined
    readonly limit: number
  }): Promise<{ readonly jobs: readonly JobRecord[]; readonly exhausted: boolean }> {
    const { phase } = range
    const found: JobRecord[] = []
    let { after } = range
    for (let bytes = 0; found.length < range.limit && bytes < this.#bytesMax;) {
      const limit = Math.min(range.limit - found.length, this.#slice.jobs)
      const jobs = await this.#storage.loadReady(this.#ref, { phase, limit, ...given({ after }) })
      bytes += this.#slice.read(jobs)
      found.push(...jobs)
      if (jobs.length < limit) return { jobs: found, exhausted: true }
      after = jobs.at(-1)
    }
    return { jobs: found, exhausted: false }
  }

  /** Scheduled jobs behind the cursor that are due by `untilMs`, at most `limit`, and when the next one is due. */
  async due(range: {
    readonly untilMs: number
    readonly after: DueCursor | undefined
    readonly limit: number
  }): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextDueMs: number | undefined }> {
    const { untilMs } = range
    const found: JobRecord[] = []
    let { after } = range
    let bytes = 0
    for (;;) {
      const limit = Math.min(range.limit - found.length, this.#slice.jobs)
      const one = { untilMs, limit, ...given({ after }) }
      const { jobs, nextDueMs } = await this.#storage.loadDue(this.#ref, one)
      bytes += this.#slice.read(jobs)
      found.push(...jobs)
      const isEnough = found.length >= range.limit || bytes >= this.#bytesMax
      if (isEnough || jobs.length < limit) return { jobs: found, nextDueMs }
      after = jobs.at(-1)
    }
  }
}
