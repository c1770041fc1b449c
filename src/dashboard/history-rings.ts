/** How a pipeline has been doing for the last minutes and hours: rings of a fixed size, one for each span. */
import { durationBoundsMs } from '../core/duration-counts.ts'
import { percentile } from './duration-percentile.ts'
import type { History } from './api-types.ts'
import type { Sample } from './pipeline-watch.ts'
import type { Totals } from './shard-totals.ts'

/** 180 steps each: as many as a drawing shows. */
export const spans = { '15m': 5_000, '1h': 20_000, '6h': 120_000 } as const
export type Span = keyof typeof spans
export const steps = 180

type PipelineHistory = History['pipelines'][number]

interface Point {
  /** Number of its step since 1970. */
  readonly step: number
  readonly inPerSecond: number
  readonly donePerSecond: number
  readonly backlog: number
  readonly dead: number
  readonly phases: readonly {
    readonly jobType: string
    readonly p50Ms: number | null
    readonly p95Ms: number | null
    readonly waiting: number
  }[]
}

export class HistoryRing {
  readonly #stepMs: number
  readonly #points: (Point | undefined)[] = Array.from({ length: steps })
  #border: { readonly step: number; readonly sample: Sample } | undefined

  constructor(stepMs: number) {
    this.#stepMs = stepMs
  }

  /** Samples come once a second or so; the first of a step ends the one before. */
  add(sample: Sample): void {
    const step = Math.floor(sample.atMs / this.#stepMs)
    const border = this.#border
    if (border !== undefined && step <= border.step) return
    this.#border = { step, sample }
    if (border === undefined) return
    // After a pause the figures are those of all of it: they belong to its last step alone.
    const overMs = sample.atMs - border.sample.atMs
    const since = sample.totals.since(border.sample.totals)
    this.#points[(step - 1) % steps] = pointOf({ sample, since, overMs, step: step - 1 })
  }

  /** The points from that step on, `null` where nothing is known. */
  read(name: string, firstStep: number): PipelineHistory {
    const points = Array.from({ length: steps }, (_, at) => {
      const point = this.#points[(firstStep + at) % steps]
      return point?.step === firstStep + at ? point : undefined
    })
    const jobTypes = points.findLast((point) => point !== undefined)?.phases ?? []
    const values = (pick: (point: Point) => number | null | undefined) =>
      points.map((point) => (point === undefined ? null : (pick(point) ?? null)))
    return {
      name,
      inPerSecond: values((point) => point.inPerSecond),
      donePerSecond: values((point) => point.donePerSecond),
      backlog: values((point) => point.backlog),
      dead: values((point) => point.dead),
      phases: jobTypes.map(({ jobType }, at) => ({
        jobType,
        p50Ms: values((point) => point.phases[at]?.p50Ms),
        p95Ms: values((point) => point.phases[at]?.p95Ms),
        waiting: values((point) => point.phases[at]?.waiting),
      })),
    }
  }
}

/** The rings of one pipeline. */
export class PipelineHistoryRings {
  readonly #rings = new Map(
    Object.entries(spans).map(([span, stepMs]) => [span as Span, new HistoryRing(stepMs)]),
  )

  add(sample: Sample): void {
    for (const ring of this.#rings.values()) ring.add(sample)
  }

  read(name: string, span: Span, firstStep: number): PipelineHistory | undefined {
    return this.#rings.get(span)?.read(name, firstStep)
  }
}

/** The steps that are over, of all pipelines on one axis. */
export function historyOf(
  pipelines: readonly { readonly name: string; readonly rings: PipelineHistoryRings }[],
  span: Span,
  nowMs: number,
): History {
  const stepMs = spans[span]
  const firstStep = Math.floor(nowMs / stepMs) - steps
  return {
    ...{ stepMs, fromMs: firstStep * stepMs },
    pipelines: pipelines.flatMap(({ name, rings }) => rings.read(name, span, firstStep) ?? []),
  }
}

function pointOf(of: { sample: Sample; since: Totals; overMs: number; step: number }): Point {
  const { sample, since, overMs, step } = of
  const { shards, welcome } = sample.status
  const perSecond = (count: number) => Math.round((count / Math.max(overMs, 1)) * 10_000) / 10
  const waiting = (at: number) =>
    shards.reduce((sum, { phases }) => sum + (phases[at]?.waiting ?? 0), 0)
  const phases = welcome.jobTypes.map((jobType, at) => {
    const counts = since.counts(at, 'duration')
    return {
      jobType,
      p50Ms: percentile(counts, durationBoundsMs, 0.5) ?? null,
      p95Ms: percentile(counts, durationBoundsMs, 0.95) ?? null,
      waiting: waiting(at),
    }
  })
  return {
    ...{ step, phases },
    inPerSecond: perSecond(since.jobs('stored')),
    donePerSecond: perSecond(since.jobs('done')),
    backlog: phases.reduce((sum, phase) => sum + phase.waiting, 0),
    dead: shards.reduce((sum, { settled }) => sum + settled.dead, 0),
  }
}
