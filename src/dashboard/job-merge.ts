/**
 * The jobs of several pipelines and shards as one list, the newest first, with one cursor: for each source where
 * its page began, and the last of its rows that was given out.
 */
import type { PipelineClient } from '../client/pipeline-client.ts'
import type { JobView } from '../wire/replies.ts'
import type { ListQuery } from '../wire/requests.ts'
import { badRequest } from './problem.ts'

export interface FoundJob {
  readonly pipeline: string
  readonly phases: number
  readonly job: JobView
}

export interface MergedPipeline {
  readonly name: string
  readonly phases: number
  readonly shards: number
  readonly client: PipelineClient
}

/** Where to go on: [cursor of its page, time and id of its last row]; 0 = nothing is left. */
type Place = readonly [after: string, lastMs: number, lastId: string] | 0

interface Cursor {
  readonly places: Readonly<Record<string, Place>>
  /** As it was counted for the first page. */
  readonly count: number
  readonly more: boolean
}

/** Each page of a shard costs a question to every other one: with more shards they come one after the other. */
const mergedShardsMax = 8
const pageJobsMax = 100
/** Of the instructions of a page; whatever has larger ones is read in smaller pages. */
const pageBytesMax = 4 * 1024 * 1024

export interface JobMergeOptions {
  readonly pipelines: readonly MergedPipeline[]
  readonly query: ListQuery
  readonly withInstructions: boolean
  readonly rowsWanted: number
  /** `next` of the page before; '' = from the newest. */
  readonly after: string
}

export class JobMerge {
  readonly #sources: readonly Source[]
  /** Of pipelines that do not answer now: the list goes on there when they do. */
  readonly #absent: readonly (readonly [key: string, Place])[]
  #count = 0
  #more = false

  /** @throws CT_BAD_REQUEST when the cursor is none */
  constructor(options: JobMergeOptions) {
    const cursor = options.after === '' ? undefined : decodeCursor(options.after)
    this.#sources = options.pipelines.flatMap((pipeline) =>
      firstCursors(pipeline).map((first) => {
        const key = `${pipeline.name}/${first}`
        const place = cursor === undefined ? ([first, 0, ''] as const) : (cursor.places[key] ?? 0)
        return new Source({ key, first, place, pipeline, options })
      }),
    )
    const isHere = (key: string) => this.#sources.some((source) => source.key === key)
    this.#absent = Object.entries(cursor?.places ?? {}).filter(([key]) => !isHere(key))
    if (cursor === undefined) return
    this.#count = cursor.count
    this.#more = cursor.more
  }

  /** Of all jobs that the managers found to fit; known after the first `next`. */
  get count(): { readonly count: number; readonly more: boolean } {
    const counted = new Map<string, Source>()
    for (const source of this.#sources) {
      if (source.counted !== undefined && source.isFirst) counted.set(source.pipeline.name, source)
    }
    if (counted.size === 0) return { count: this.#count, more: this.#more }
    const counts = [...counted.values()].map((source) => source.counted)
    return {
      count: counts.reduce((sum, one) => sum + (one?.count ?? 0), 0),
      more: counts.some((one) => one?.more === true),
    }
  }

  /** The next newest; `undefined` when there is none. */
  async next(): Promise<FoundJob | undefined> {
    await Promise.all(this.#sources.map((source) => source.fill()))
    let newest: Source | undefined
    for (const source of this.#sources) {
      const [job, best] = [source.head, newest?.head]
      if (job !== undefined && (best === undefined || job.enqueuedMs > best.enqueuedMs))
        newest = source
    }
    return newest?.take()
  }

  /** Nothing older of that pipeline is wanted. */
  end(pipeline: string): void {
    for (const source of this.#sources) if (source.pipeline.name === pipeline) source.end()
  }

  /** Where the next page begins; `undefined` when nothing is left. */
  cursor(): string | undefined {
    const places = this.#sources.map((source) => [source.key, source.place] as const)
    if (places.every(([, place]) => place === 0)) return undefined
    const cursor: Cursor = {
      places: Object.fromEntries([...this.#absent, ...places]),
      ...this.count,
    }
    return Buffer.from(JSON.stringify(cursor)).toString('base64url')
  }
}

interface RowMark {
  readonly ms: number
  readonly id: string
}

class Source {
  readonly key: string
  readonly pipeline: MergedPipeline
  /** The list began here, and not at a cursor: its counts are those of all. */
  readonly isFirst: boolean
  readonly #first: string
  readonly #options: JobMergeOptions
  #rows: JobView[] = []
  /** Of the page in `#rows`, and of the one behind it; `undefined`: there is none. */
  #after: string
  #next: string | undefined
  /** The last row of this page that was given out. */
  #last: RowMark | undefined
  /** The same, of the cursor: for the first page that is read. */
  #resumeBehind: RowMark | undefined
  #limit: number
  counted: { readonly count: number; readonly more: boolean } | undefined

  constructor(parts: {
    key: string
    first: string
    place: Place
    pipeline: MergedPipeline
    options: JobMergeOptions
  }) {
    const { place, options } = parts
    const [after, lastMs, lastId] = place === 0 ? ['', 0, ''] : place
    this.key = parts.key
    this.pipeline = parts.pipeline
    this.#first = parts.first
    this.#options = options
    this.#after = after
    this.#next = place === 0 ? undefined : after
    this.#resumeBehind = lastId === '' ? undefined : { ms: lastMs, id: lastId }
    this.isFirst = options.after === ''
    this.#limit = options.withInstructions ? 20 : Math.min(pageJobsMax, options.rowsWanted)
  }

  get head(): JobView | undefined {
    return this.#rows[0]
  }

  get place(): Place {
    if (this.#rows.length > 0) return [this.#after, this.#last?.ms ?? 0, this.#last?.id ?? '']
    const { ms = 0, id = '' } = this.#resumeBehind ?? {}
    return this.#next === undefined ? 0 : [this.#next, ms, id]
  }

  take(): FoundJob | undefined {
    const job = this.#rows.shift()
    if (job === undefined) return undefined
    this.#last = { ms: job.enqueuedMs, id: job.id }
    return { pipeline: this.pipeline.name, phases: this.pipeline.phases, job }
  }

  end(): void {
    this.#rows = []
    this.#next = undefined
  }

  async fill(): Promise<void> {
    while (this.#rows.length === 0 && this.#next !== undefined) await this.#read(this.#next)
  }

  async #read(after: string): Promise<void> {
    const { query, withInstructions } = this.#options
    const page = await this.pipeline.client.listJobs(query, {
      ...{ after, limit: this.#limit, withInstructions },
      // Once for a list: the managers would count the same jobs for every page.
      withoutCount: !this.isFirst || this.counted !== undefined,
    })
    this.counted ??= { count: page.count, more: page.more }
    this.#rows = this.#fresh(page.jobs)
    this.#after = after
    this.#next = this.#ownNext(page.next)
    if (!withInstructions) this.#limit = pageJobsMax
    else this.#resize(page.jobs)
  }

  /**
   * What comes after the last row; when that was removed meanwhile, what is not newer than it: of the same
   * millisecond rather one twice than none.
   */
  #fresh(jobs: readonly JobView[]): JobView[] {
    const last = this.#resumeBehind
    this.#last = last
    this.#resumeBehind = undefined
    if (last === undefined) return [...jobs]
    const at = jobs.findIndex(({ id }) => id === last.id)
    return at >= 0 ? jobs.slice(at + 1) : jobs.filter(({ enqueuedMs }) => enqueuedMs <= last.ms)
  }

  /** The client goes on with the next shard; here that is another source. */
  #ownNext(next: string): string | undefined {
    if (next === '') return undefined
    if (this.#first === '') return next
    return next.startsWith(this.#first) && next !== this.#first ? next : undefined
  }

  #resize(jobs: readonly JobView[]): void {
    const bytes = jobs.reduce((sum, { instructions }) => sum + (instructions?.byteLength ?? 0), 0)
    const fitting = Math.floor((jobs.length * pageBytesMax) / Math.max(1, bytes))
    this.#limit = Math.max(1, Math.min(pageJobsMax, 2 * this.#limit, fitting))
  }
}

/** One for each shard, or one for all of them. */
function firstCursors({ shards }: MergedPipeline): readonly string[] {
  if (shards === 1 || shards > mergedShardsMax) return ['']
  return Array.from({ length: shards }, (_, shard) => `${shard}:`)
}

function decodeCursor(text: string): Cursor {
  try {
    const cursor = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Cursor
    const isPlace = (place: unknown) =>
      place === 0 ||
      (Array.isArray(place) &&
        typeof place[0] === 'string' &&
        typeof place[1] === 'number' &&
        typeof place[2] === 'string')
    const isCount = Number.isSafeInteger(cursor.count) && cursor.count >= 0
    const fits = isCount && Object.values(cursor.places).every(isPlace)
    if (fits && typeof cursor.more === 'boolean') return cursor
  } catch {
    // It is no cursor of ours, whatever else it is.
  }
  const message = 'after is no place in a list'
  throw badRequest(`${message}: use the \`next\` of the page before, or leave it out`, [
    { path: 'after', message },
  ])
}
