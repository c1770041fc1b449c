/** One execution of a grant, as the worker's protocol machine keeps it. */
import type { HeldToken, Outcome } from './event.ts'
import type { Outbox } from './outbox.ts'
import type { Token } from './token.ts'
import type { AbortReason } from './worker-event.ts'
import type { TransientMap } from './transient-map.ts'

export interface Run {
  readonly number: number
  readonly token: Token
  readonly owner: string
  /** The newest run of each job of the owner: a newer token aborts it, an older one is not begun. */
  readonly newest: TransientMap<string, Run>
  readonly pipeline: string
  readonly jobId: string
  readonly phase: number
  readonly attempt: number
  readonly timeoutMs: number
  readonly instructions: Uint8Array
  readonly receivedMs: number
  state: 'queued' | 'running' | 'stuck'
  startedMs: number
  /** `superseded` outranks others: its owner does not count it, and until it ends its slot is no credit. */
  abort: AbortReason | undefined
  /** When it times out; after an abort, when it counts as stuck. */
  deadlineMs: number
  /** How often its deadline was put off for time asleep. */
  naps: number
}

/** A phase that waits for programs of its own may look asleep again and again: it must time out too. */
const napsMax = 8

/** Time asleep is not time that it ran. */
export function putOff(run: Run, asleepMs: number, nowMs: number): void {
  if (run.state !== 'running' || run.startedMs > nowMs - asleepMs || run.naps >= napsMax) return
  run.naps += 1
  run.deadlineMs += asleepMs
}

/** An abort may win the race with the result; what the run itself achieved is kept. */
export function outcomeAfterAbort({ abort, timeoutMs }: Run, outcome: Outcome): Outcome {
  if (abort === undefined || outcome.type === 'done') return outcome
  if (abort === 'shutdown') return cutOff
  return abort === 'timedOut' ? timedOut(timeoutMs) : outcome
}

/** What is told of a run that ignores its abort; `undefined` when nobody wants to hear of it. */
export function outcomeOfStuck({ abort, timeoutMs }: Run): Outcome | undefined {
  if (abort === 'shutdown') return cutOff
  return abort === 'timedOut' ? timedOut(timeoutMs) : undefined
}

const cutOff: Outcome = { type: 'released', reason: 'the worker shut down' }

/** How a run ends that was aborted for its time-out. */
function timedOut(timeoutMs: number): Outcome {
  const message = `the phase ran longer than its timeout of ${timeoutMs} ms`
  return {
    type: 'failed',
    error: { kind: 'timedOut', name: 'PhaseTimedOut', message },
    retry: 'default',
  }
}

/** The digest for an owner: what runs or waits here, and results that it has not answered. */
export function heldTokens(owner: string, runs: Iterable<Run>, outbox: Outbox): HeldToken[] {
  const held: HeldToken[] = []
  for (const run of runs) {
    const { token, jobId, phase, attempt, startedMs, state } = run
    if (run.owner !== owner || state === 'stuck' || run.abort === 'superseded') continue
    held.push({ token, jobId, phase, attempt, state, startedMs })
  }
  for (const { owner: of, result } of outbox.all()) {
    const { token, jobId, phase, attempt, startedMs } = result
    if (of === owner) held.push({ token, jobId, phase, attempt, state: 'finished', startedMs })
  }
  return held
}
