/**
 * Where the bars of a job's timeline stand, as fractions of its width. Kept from the drawing, because
 * clocks of several boxes are in it: a worker's clock may run behind, and no bar may have a negative width.
 */
import type { AttemptView, JobRow } from '../../../src/dashboard/api-types.ts'

export interface Segment {
  readonly kind: 'queued' | 'running' | 'backoff'
  readonly fromMs: number
  readonly toMs: number
  /** 0 … 1 of the drawing's width. */
  readonly left: number
  readonly width: number
}

export interface Bar {
  readonly attempt: AttemptView
  /** Position in the list of attempts. */
  readonly index: number
  readonly segments: readonly Segment[]
}

export interface Lane {
  readonly phase: string
  readonly phaseIndex: number
  readonly bars: readonly Bar[]
}

export interface Timeline {
  readonly fromMs: number
  readonly toMs: number
  readonly lanes: readonly Lane[]
  readonly ticks: readonly { readonly atMs: number; readonly left: number }[]
}

/** A millisecond beside an hour must still be seen and clicked. */
const widthMin = 0.004

export interface JobLife extends Pick<JobRow, 'enqueuedMs' | 'endedMs'> {
  readonly attempts: readonly AttemptView[]
  /** All phases in order, as far as they are known: those without an attempt have a lane as well. */
  readonly phases?: readonly string[]
}

export function timelineOf(life: JobLife, nowMs: number): Timeline {
  const { enqueuedMs, endedMs, attempts, phases = [] } = life
  const spans = attempts.map((attempt) => spansOf(attempt, nextOf(attempts, attempt), nowMs))
  const times = spans.flat().flatMap(({ fromMs, toMs }) => [fromMs, toMs])
  const fromMs = Math.min(enqueuedMs, ...times)
  const toMs = Math.max(endedMs ?? (attempts.length === 0 ? nowMs : 0), ...times, fromMs + 1)
  const lanes = new Map<number, { phase: string; phaseIndex: number; bars: Bar[] }>()
  for (const [phaseIndex, phase] of phases.entries()) {
    lanes.set(phaseIndex, { phase, phaseIndex, bars: [] })
  }
  for (const [index, attempt] of attempts.entries()) {
    const { phase, phaseIndex } = attempt
    const lane = lanes.get(phaseIndex) ?? { phase, phaseIndex, bars: [] }
    const segments = (spans[index] ?? []).map((span) => placed(span, fromMs, toMs))
    lane.bars.push({ attempt, index, segments })
    lanes.set(phaseIndex, lane)
  }
  return {
    fromMs,
    toMs,
    lanes: [...lanes.values()].toSorted((a, b) => a.phaseIndex - b.phaseIndex),
    ticks: ticksOf(fromMs, toMs),
  }
}

/** The attempt after this one, in the same phase. */
function nextOf(attempts: readonly AttemptView[], one: AttemptView): AttemptView | undefined {
  return attempts.find(
    ({ phaseIndex, attempt }) => phaseIndex === one.phaseIndex && attempt === one.attempt + 1,
  )
}

type Span = Pick<Segment, 'kind' | 'fromMs' | 'toMs'>

function spansOf(
  attempt: AttemptView,
  next: AttemptView | undefined,
  nowMs: number,
): readonly Span[] {
  const { readyMs, startedMs, endedMs } = attempt
  // Where it is not known until when it had to wait, the next attempt's start is the best there is.
  const nextDueMs = attempt.nextDueMs ?? next?.readyMs ?? next?.startedMs
  const hasStarted = startedMs > 0
  const endMs = endedMs ?? nowMs
  const spans: Span[] = []
  if (readyMs !== undefined) {
    spans.push(span('queued', readyMs, hasStarted ? startedMs : endMs))
  }
  if (hasStarted) spans.push(span('running', startedMs, endMs))
  if (nextDueMs !== undefined && nextDueMs > endMs) {
    spans.push(span('backoff', endMs, Math.max(endMs, Math.min(nextDueMs, nowMs))))
  }
  return spans
}

function span(kind: Segment['kind'], fromMs: number, toMs: number): Span {
  return { kind, fromMs, toMs: Math.max(fromMs, toMs) }
}

function placed(one: Span, fromMs: number, toMs: number): Segment {
  const total = toMs - fromMs
  const least = one.kind === 'running' ? widthMin : 0
  const width = Math.max((one.toMs - one.fromMs) / total, least)
  const left = Math.max(0, Math.min((one.fromMs - fromMs) / total, 1 - width))
  return { ...one, left, width }
}

const stepsMs = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000,
  600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000,
]

/** Four to eight marks at round distances from the start. */
function ticksOf(fromMs: number, toMs: number): Timeline['ticks'] {
  const total = toMs - fromMs
  const step = stepsMs.find((one) => total / one <= 6) ?? total / 6
  const count = Math.floor(total / step)
  return Array.from({ length: count + 1 }, (_, at) => ({
    atMs: fromMs + at * step,
    left: (at * step) / total,
  }))
}
