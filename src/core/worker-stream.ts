/** The stream of one owner, as the worker's protocol machine keeps it. */
import { OrderReceiver } from './order-receiver.ts'
import type { StreamOpen, WireOrder } from './worker-event.ts'
import type { Run } from './worker-run.ts'
import { TransientMap } from './transient-map.ts'

export interface Stream {
  /** Pipeline and shard: they stay, whoever owns them. */
  readonly owner: string
  readonly open: StreamOpen
  readonly receiver: OrderReceiver
  readonly newest: TransientMap<string, Run>
  ping: number
  reports: number
  /** When something came on it last. */
  heardMs: number
  isSilent: boolean
  /** Number of the newest drain or resume: an older one that comes later says nothing any more. */
  lastWill: number
}

/** Nothing from an owner, which pings once a beat, for so many beats: it is not there. */
const silentAfterBeats = 4

/** That of a new owner, after the one before. */
export function newStream(owner: string, open: StreamOpen, before: Stream | undefined): Stream {
  return {
    ...{ owner, open, receiver: new OrderReceiver(open.nextOrder), ping: open.ping },
    newest: before?.newest ?? new TransientMap<string, Run>(),
    // Numbers go on: the manager may have known this stream before, and ignores what is not newer.
    reports: before?.reports ?? 0,
    ...{ heardMs: 0, isSilent: false, lastWill: 0 },
  }
}

/** The run of a grant that has just come on it. */
export function newRun(
  number: number,
  { owner, newest, open }: Stream,
  order: Extract<WireOrder, { type: 'grant' }>,
  nowMs: number,
): Run {
  const { token, jobId, phase, attempt, timeoutMs, instructions } = order
  return {
    number,
    token,
    owner,
    newest,
    pipeline: open.pipeline,
    jobId,
    phase,
    attempt,
    timeoutMs,
    instructions,
    receivedMs: nowMs,
    state: 'queued',
    startedMs: 0,
    abort: undefined,
    deadlineMs: Infinity,
    naps: 0,
  }
}

/** Whether the owner has just been silent for too long. Asked once a beat. */
export function fallsSilent(stream: Stream, nowMs: number, beatMs: number): boolean {
  const wasSilent = stream.isSilent
  stream.isSilent = nowMs - stream.heardMs > silentAfterBeats * beatMs
  return stream.isSilent && !wasSilent
}
