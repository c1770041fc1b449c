/**
 * Client → manager, on the router door (and `enqueue` on the pull door, without an answer). Every request
 * has a number that its replies repeat, and is about one shard: that of its jobs, or the one it names.
 */
import type { SubmittedJob } from '../core/event.ts'
import { BodyReader, BodyWriter } from './body.ts'
import * as check from './checks.ts'
import { packHeader, type Header } from './header.ts'
import { WireError } from './wire-error.ts'

/** Jobs in one `enqueue` or `wait` request: a manager refuses more. */
export const requestItemsMax = 10_000

/** A job as it travels: instructions are opaque bytes, one frame each. */
export interface EnqueueItem {
  /** '' lets the manager make one; only sensible for a client that wants no answer. */
  readonly id: string
  /** −10 … 10, default 0. */
  readonly priority: number
  /** When it was first sent, in milliseconds since 1970; 0 = not known. */
  readonly sentMs: number
  readonly instructions: Uint8Array
}

/** The jobs of the message do another one again, from a phase on. */
export interface Replay {
  readonly of: string
  /** Its job type. */
  readonly phase: string
}

/** Which jobs a list is about: those that have all that is given; every job when nothing is. */
export interface ListQuery {
  /** `ready`, `scheduled`, `done`, `dead`, `cancelled`, or `unsettled`: ready or scheduled. */
  readonly state?: string
  /** Job type of the phase in which they are. */
  readonly phase?: string
  /** Part of the last error, in any case. */
  readonly error?: string
  /** Enqueued before this, in milliseconds since 1970. */
  readonly enqueuedBeforeMs?: number
  /** Id of a worker: only jobs that it has now. */
  readonly worker?: string
}

export type Request =
  | { readonly type: 'hello'; readonly request: number }
  /** What the pipeline is made of. */
  | { readonly type: 'describe'; readonly request: number }
  | {
      readonly type: 'enqueue'
      readonly request: number
      readonly pipeline: string
      readonly jobs: readonly EnqueueItem[]
      readonly replay?: Replay
    }
  | { readonly type: 'get'; readonly request: number; readonly id: string }
  /** Answered piecemeal, as the jobs settle, until all have or the time is over. */
  | {
      readonly type: 'wait'
      readonly request: number
      readonly ids: readonly string[]
      readonly timeoutMs: number
    }
  | {
      readonly type: 'list'
      readonly request: number
      readonly query: ListQuery
      readonly after: string
      readonly limit: number
      /** The page has the instructions of its jobs as well. */
      readonly withInstructions?: boolean
      /** How many match is not wanted: it costs as much as some pages. */
      readonly withoutCount?: boolean
      readonly shard?: number
    }
  | { readonly type: 'cancel'; readonly request: number; readonly id: string }
  | { readonly type: 'status'; readonly request: number }
  /** Of the whole pipeline, or of the phase with this job type. */
  | {
      readonly type: 'pause' | 'resume'
      readonly request: number
      readonly phase?: string
      readonly shard?: number
    }
  /** Dead jobs: ready again, or given up. */
  | {
      readonly type: 'redrive' | 'discard'
      readonly request: number
      readonly ids: readonly string[]
    }
  /** A worker, by its id or its incarnation. */
  | {
      readonly type: 'drain' | 'resumeWorker'
      readonly request: number
      readonly worker: string
      readonly shard?: number
    }

export function encodeRequest(request: Request): Uint8Array[] {
  if (request.type !== 'enqueue') return [packHeader(request.type, request)]
  const { request: number, pipeline, jobs, replay } = request
  const more = replay === undefined ? {} : { replay }
  return encodeEnqueue({ request: number, pipeline, ...more }, jobs)
}

/** Also what a client sends to a pull door, then without a `request`. */
export function encodeEnqueue(
  fields: { readonly request?: number; readonly pipeline: string; readonly replay?: Replay },
  jobs: readonly EnqueueItem[],
): Uint8Array[] {
  const body = new BodyWriter()
  const items = jobs.map(({ id, priority, sentMs, instructions }) => {
    return [id, priority, sentMs, body.add(instructions)]
  })
  return body.frames(packHeader('enqueue', { ...fields, jobs: items }))
}

export function decodeRequest(header: Header, frames: readonly Uint8Array[]): Request {
  const request = check.count(header['request'] ?? 0, 'request')
  switch (header.type) {
    case 'hello':
    case 'describe':
    case 'status':
      return { type: header.type, request }
    case 'enqueue':
      return { type: 'enqueue', request, ...decodeEnqueue(header, frames) }
    case 'get':
    case 'cancel':
      return { type: header.type, request, id: check.text(header['id'], 'id') }
    case 'pause':
    case 'resume': {
      const { phase } = header
      const only = phase === undefined ? {} : { phase: check.text(phase, 'phase') }
      return { type: header.type, request, ...only, ...shardNamed(header) }
    }
    case 'redrive':
    case 'discard':
      return { type: header.type, request, ids: check.texts(header['ids'], 'ids') }
    case 'drain':
    case 'resumeWorker':
      return {
        type: header.type,
        request,
        worker: check.text(header['worker'], 'worker'),
        ...shardNamed(header),
      }
    case 'wait': {
      const ids = check.texts(header['ids'], 'ids')
      return {
        type: 'wait',
        request,
        ids,
        timeoutMs: check.count(header['timeoutMs'], 'timeoutMs'),
      }
    }
    case 'list': {
      const after = check.text(header['after'] ?? '', 'after')
      const limit = check.count(header['limit'] ?? 100, 'limit')
      const query = decodeQuery(header['query'])
      const flag = (name: 'withInstructions' | 'withoutCount') =>
        header[name] === undefined ? {} : { [name]: check.flag(header[name], name) }
      const more = { ...flag('withInstructions'), ...flag('withoutCount') }
      return { type: 'list', request, query, after, limit, ...more, ...shardNamed(header) }
    }
    default:
      throw new WireError('unsupported', `unknown request "${header.type}"`)
  }
}

function shardNamed({ shard }: Header): { shard?: number } {
  return shard === undefined ? {} : { shard: check.count(shard, 'shard') }
}

/**
 * `jobs` may be left out by a plain client: then every payload frame is a job without an id. An item
 * without a length has a frame of its own, too.
 */
export function decodeEnqueue(
  header: Header,
  frames: readonly Uint8Array[],
): { pipeline: string; jobs: EnqueueItem[]; replay?: Replay } {
  const pipeline = check.text(header['pipeline'], 'pipeline')
  const given = header['jobs'] ?? frames.slice(1).map(() => [])
  const body = new BodyReader(frames)
  const jobs = check.list(given, 'jobs').map((item, index) => {
    const [id, priority, sentMs, length] = check.list(item, 'job')
    return {
      id: check.text(id ?? '', 'id'),
      priority: check.integer(priority ?? 0, 'priority'),
      sentMs: check.count(sentMs ?? 0, 'sentMs'),
      instructions: length === undefined ? check.frame(frames, index + 1) : body.take(length),
    }
  })
  const { replay } = header
  return replay === undefined
    ? { pipeline, jobs }
    : { pipeline, jobs, replay: decodeReplay(replay) }
}

function decodeReplay(value: unknown): Replay {
  const { of, phase } = check.map(value, 'replay')
  return { of: check.text(of, 'of'), phase: check.text(phase, 'phase') }
}

function decodeQuery(value: unknown): ListQuery {
  const query = check.map(value ?? {}, 'query')
  const field = (name: 'state' | 'phase' | 'error' | 'worker') =>
    query[name] === undefined ? {} : { [name]: check.text(query[name], name) }
  const { enqueuedBeforeMs } = query
  const before =
    enqueuedBeforeMs === undefined
      ? {}
      : { enqueuedBeforeMs: check.count(enqueuedBeforeMs, 'enqueuedBeforeMs') }
  return { ...field('state'), ...field('phase'), ...field('error'), ...field('worker'), ...before }
}

/**
 * FNV-1a over the bytes, as an unsigned 32-bit number: tells a repeated enqueue from a conflicting one.
 * Not a defence against malice. (Fowler, Noll, Vo; public domain.)
 */
export function checksumOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5
  // By index: the iterator of a Buffer takes four times as long, and every byte of every job comes by here.
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return hash >>> 0
}

export function submittedJob(
  item: EnqueueItem,
  id: string,
  { lagMs, replay }: { readonly lagMs: number; readonly replay?: SubmittedJob['replay'] },
): SubmittedJob {
  const { priority, instructions } = item
  const sentMs = item.sentMs > 0 ? item.sentMs - lagMs : 0
  const job = { id, priority, sentMs, instructions, checksum: checksumOf(instructions) }
  return replay === undefined ? job : { ...job, replay }
}
