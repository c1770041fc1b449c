/** One job as its page shows it: its attempts on a time line, its instructions, and who has set what of them. */
import type { PipelineClient } from '../client/pipeline-client.ts'
import type { AttemptRecord } from '../core/job.ts'
import { isCarbontubeError } from '../errors/errors.ts'
import { given } from '../language/given.ts'
import type { JobView } from '../wire/replies.ts'
import { decodeInstructions } from '../wire/instructions.ts'
import type { AttemptView, JobDetail, Payload, WorkerView } from './api-types.ts'
import { rowOf } from './job-finder.ts'

/** Of JSON text that a page shows at once. */
const shownBytesMax = 64 * 1024

type Answer = Awaited<ReturnType<PipelineClient['getJob']>>

export function detailOf(
  { job, attempts, instructions }: Answer,
  around: {
    readonly pipeline: string
    readonly jobTypes: readonly string[]
    readonly workers: readonly WorkerView[]
    readonly progress: JobDetail['progress'] | undefined
  },
): JobDetail {
  const { pipeline, jobTypes, workers, progress } = around
  const names = (at: number) => jobTypes[at] ?? `#${at}`
  const done = attempts.filter(({ outcome }) => outcome === 'done')
  const merged = done.map(({ phase, keys }) => {
    return { phase: names(phase), phaseIndex: phase, ...given({ keys }) }
  })
  return {
    job: rowOf({ pipeline, phases: jobTypes.length, job }),
    attempts: [
      ...attempts.map((one, at) => attemptOf(one, { attempts, at, job, names })),
      ...runningOf(job, workers),
    ],
    instructions: payloadOf(instructions),
    merged,
    ...given({ inputKeys: inputKeysOf(instructions, { job, done }), progress }),
  }
}

/** All of it as indented JSON; bytes as `{base64}`, whole numbers beyond 2⁵³ as text. */
export function jsonText(instructions: Uint8Array): string {
  return JSON.stringify(shown(readable(instructions), { left: Infinity }), undefined, 2)
}

/** What the page shows of that: of a large job no more is made than what is. */
function payloadOf(instructions: Uint8Array): Payload {
  const room = { left: shownBytesMax + 1 }
  const text = JSON.stringify(shown(readable(instructions), room), undefined, 2)
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.byteLength <= shownBytesMax) return { text, isCut: false, bytes: bytes.byteLength }
  // A letter that the cut goes through is left out.
  const cut = new TextDecoder().decode(bytes.subarray(0, shownBytesMax), { stream: true })
  const isAll = room.left > 0
  return { text: cut, isCut: true, bytes: isAll ? bytes.byteLength : instructions.byteLength }
}

function readable(instructions: Uint8Array): unknown {
  try {
    return decodeInstructions(instructions)
  } catch (error) {
    if (!isCarbontubeError(error)) throw error
    // Somebody has enqueued what no worker can read: that is worth seeing too.
    return { unreadable: error.message }
  }
}

/** A copy that JSON can say, of no more than fills the room: each value takes no more of it than its text is long. */
function shown(value: unknown, room: { left: number }): unknown {
  const fitting = Math.max(0, room.left)
  room.left -= 1
  if (typeof value === 'string') {
    room.left -= value.length
    return value.length > fitting ? value.slice(0, fitting) : value
  }
  if (value instanceof Uint8Array) {
    room.left -= value.byteLength
    return { base64: Buffer.from(value.subarray(0, fitting)).toString('base64') }
  }
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (!Array.isArray(value)) return shownObject(value, room)
  const items: unknown[] = []
  for (const item of value) {
    if (room.left <= 0) break
    items.push(shown(item, room))
  }
  return items
}

function shownObject(value: object, room: { left: number }): unknown {
  const entries: [string, unknown][] = []
  for (const [key, item] of Object.entries(value)) {
    if (room.left <= 0) break
    room.left -= key.length
    entries.push([key, shown(item, room)])
  }
  return Object.fromEntries(entries)
}

function attemptOf(
  record: AttemptRecord,
  within: {
    attempts: readonly AttemptRecord[]
    at: number
    job: JobView
    names: (at: number) => string
  },
): AttemptView {
  const { phase, attempt, worker, startedMs, endedMs, outcome, error } = record
  const { attempts, at, job, names } = within
  return {
    ...{ phase: names(phase), phaseIndex: phase, attempt, worker, startedMs, endedMs, outcome },
    ...given({
      error,
      readyMs: readySince(record, attempts[at - 1], job),
      nextDueMs: record.retryMs,
    }),
  }
}

/**
 * The first in the first phase since it was enqueued, the first in a later one since the one before ended, and
 * one after a failure since its backoff was over.
 */
function readySince(
  { phase, attempt }: Pick<AttemptRecord, 'phase' | 'attempt'>,
  before: AttemptRecord | undefined,
  job: JobView,
): number | undefined {
  if (before === undefined) return attempt === 1 ? job.enqueuedMs : undefined
  if (before.outcome === 'failed') return before.retryMs
  return before.outcome === 'done' && before.phase < phase ? before.endedMs : undefined
}

function runningOf(job: JobView, workers: readonly WorkerView[]): readonly AttemptView[] {
  if (job.state !== 'running' || job.worker === undefined) return []
  const held = workers
    .filter(({ id }) => id === job.worker)
    .flatMap(({ jobs }) => jobs)
    .find(({ id }) => id === job.id)
  return [
    {
      ...{
        phase: job.phase,
        phaseIndex: job.phaseIndex,
        attempt: held?.attempt ?? job.attempts + 1,
      },
      ...{
        worker: job.worker,
        readyMs: job.dueMs,
        startedMs: held?.startedMs ?? 0,
        outcome: 'running',
      },
    },
  ]
}

/** Not known when a phase did not say what it set, or when the job began with what another had made. */
function inputKeysOf(
  instructions: Uint8Array,
  { job, done }: { job: JobView; done: readonly AttemptRecord[] },
): readonly string[] | undefined {
  if (job.replayOf !== undefined || done.some(({ keys }) => keys === undefined)) return undefined
  const phases = new Set(done.map(({ phase }) => phase))
  const passed = job.state === 'done' ? job.phaseIndex + 1 : job.phaseIndex
  if (phases.size < passed) return undefined
  const set = new Set(done.flatMap(({ keys = [] }) => keys))
  try {
    return Object.keys(decodeInstructions(instructions)).filter((key) => !set.has(key))
  } catch {
    return undefined
  }
}
