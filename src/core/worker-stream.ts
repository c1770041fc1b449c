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
  /** Those of all owners of its epoch by name, itself among them: more than one only after a store has failed over. */
  readonly ofEpoch: Map<string, Stream>
}

/** Nothing from an owner, which pings once a beat, for so many beats: it is not there. */
const silentAfterBeats = 4

/** More owners of one epoch than there ever are; whoever opens streams without end must not fill the memory. */
const ofEpochMax = 16

/**
 * That of a new owner, after the one before. Of two owners of one epoch nobody can tell which is the later: one that
 * opens again goes on where it was, or else its orders would be taken twice.
 */
export function nextStream(owner: string, open: StreamOpen, before: Stream | undefined): Stream {
  const ofEpoch = before?.open.epoch === open.epoch ? before.ofEpoch : new Map<string, Stream>()
  // Numbers go on: the manager may have known this stream before, and ignores what is not newer.
  const reports = before?.reports ?? 0
  const known = ofEpoch.get(open.stream)
  if (known !== undefined) {
    known.reports = reports
    return known
  }
  const stream: Stream = {
    ...{ owner, open, receiver: new OrderReceiver(open.nextOrder), ping: open.ping },
    newest: before?.newest ?? new TransientMap<string, Run>(),
    ...{ reports, heardMs: 0, isSilent: false, lastWill: 0, ofEpoch },
  }
  ofEpoch.set(open.stream, stream)
  const [oldest] = ofEpoch.keys()
  if (ofEpoch.size > ofEpochMax && oldest !== undefined) ofEpoch.delete(oldest)
  return stream
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
