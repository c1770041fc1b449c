/**
 * What Prometheus reads, out of the status of the pipelines: names of pipelines and phases are labels, ids of
 * jobs and workers never are. The managers count, so the figures are set as they are, not counted again.
 */
import { Registry, type Metric } from 'prom-client'
import { durationBoundsMs } from '../core/duration-counts.ts'
import type { PipelineView, WorkerView } from './api-types.ts'
import { outcomes, type Totals } from './shard-totals.ts'

export interface MeasuredPipeline {
  readonly view: PipelineView
  readonly totals: Totals
  readonly workers: readonly WorkerView[]
}

type Labels = Readonly<Record<string, string>>
interface Value {
  readonly labels: Labels
  readonly value: number
  /** Where it is not the metric's own. */
  readonly metricName?: string
}

interface Declaration {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly read: (pipeline: MeasuredPipeline) => readonly Value[]
}

const jobOutcomes = ['done', 'dead', 'cancelled'] as const

const declarations: readonly Declaration[] = [
  {
    ...{ name: 'carbontube_jobs_enqueued_total', type: 'counter' },
    help: 'Jobs that were stored.',
    read: ({ view, totals }) => [{ labels: { pipeline: view.name }, value: totals.jobs('stored') }],
  },
  {
    ...{ name: 'carbontube_jobs_finished_total', type: 'counter' },
    help: 'Jobs that have ended, by outcome.',
    read: ({ view, totals }) =>
      jobOutcomes.map((outcome) => ({
        labels: { pipeline: view.name, outcome },
        value: totals.jobs(outcome),
      })),
  },
  {
    ...{ name: 'carbontube_phase_attempts_total', type: 'counter' },
    help: 'Attempts that have ended, by outcome.',
    read: ({ view, totals }) =>
      view.phases.flatMap(({ jobType: phase }, at) =>
        outcomes.map((outcome) => ({
          labels: { pipeline: view.name, phase, outcome },
          value: totals.attempts(at, outcome),
        })),
      ),
  },
  {
    ...{ name: 'carbontube_phase_duration_seconds', type: 'histogram' },
    help: 'How long attempts ran.',
    read: (pipeline) => histogram('carbontube_phase_duration_seconds', pipeline, 'duration'),
  },
  {
    ...{ name: 'carbontube_phase_wait_seconds', type: 'histogram' },
    help: 'How long jobs were ready before a worker got them.',
    read: (pipeline) => histogram('carbontube_phase_wait_seconds', pipeline, 'wait'),
  },
  {
    ...{ name: 'carbontube_phase_waiting', type: 'gauge' },
    help: 'Jobs that are ready, and with no worker.',
    read: ({ view }) => perPhase(view, ({ waiting }) => waiting),
  },
  {
    ...{ name: 'carbontube_phase_in_flight', type: 'gauge' },
    help: 'Jobs that a worker has.',
    read: ({ view }) => perPhase(view, ({ running }) => running),
  },
  {
    ...{ name: 'carbontube_phase_oldest_age_seconds', type: 'gauge' },
    help: 'For how long the first in the line has been ready; 0 when none waits.',
    read: ({ view }) =>
      perPhase(view, ({ oldestMs }) =>
        oldestMs === undefined ? 0 : Math.max(0, view.atMs - oldestMs) / 1_000,
      ),
  },
  {
    ...{ name: 'carbontube_workers', type: 'gauge' },
    help: 'Workers by state.',
    read: ({ view, workers }) => workersByState(view, workers),
  },
  {
    ...{ name: 'carbontube_dead_jobs', type: 'gauge' },
    help: 'Dead jobs that are kept.',
    read: ({ view }) => [{ labels: { pipeline: view.name }, value: view.settled.dead }],
  },
  {
    ...{ name: 'carbontube_manager_loop_lag_seconds', type: 'gauge' },
    help: 'How late the event loop of the manager is; of several, the worst.',
    read: ({ view }) => {
      const lags = view.managers.map(({ loopLagMs }) => loopLagMs)
      return [{ labels: { pipeline: view.name }, value: Math.max(0, ...lags) / 1_000 }]
    },
  },
]

const workerStates = ['connecting', 'ready', 'busyLoop', 'silent', 'leaving', 'lost'] as const
const buildInfo = 'carbontube_build_info'

export const metricNames: readonly string[] = [...declarations.map(({ name }) => name), buildInfo]

/** The text of a scrape. */
export async function metricsText(
  pipelines: readonly MeasuredPipeline[],
  version: string,
): Promise<string> {
  const registry = new Registry()
  for (const { name, help, type, read } of declarations) {
    register(registry, { name, help, type, values: pipelines.flatMap(read) })
  }
  const values = [{ labels: { version }, value: 1 }]
  register(registry, { name: buildInfo, help: 'The dashboard.', type: 'gauge', values })
  return registry.metrics()
}

/** A metric that has its values already: the registry asks for nothing but `get`. */
function register(
  registry: Registry,
  metric: Omit<Declaration, 'read'> & { readonly values: readonly Value[] },
): void {
  const ready = {
    ...metric,
    aggregator: 'sum',
    get: () => Promise.resolve(metric),
    reset: () => undefined,
  }
  registry.registerMetric(ready as unknown as Metric)
}

function perPhase(
  view: PipelineView,
  pick: (phase: PipelineView['phases'][number]) => number,
): readonly Value[] {
  return view.phases.map((phase) => ({
    labels: { pipeline: view.name, phase: phase.jobType },
    value: pick(phase),
  }))
}

function workersByState(view: PipelineView, workers: readonly WorkerView[]): readonly Value[] {
  return view.phases.flatMap(({ jobType: phase }) =>
    workerStates.map((state) => ({
      labels: { pipeline: view.name, phase, state },
      value: workers.filter((one) => one.phase === phase && one.state === state).length,
    })),
  )
}

function histogram(
  name: string,
  { view, totals }: MeasuredPipeline,
  of: 'duration' | 'wait',
): readonly Value[] {
  return view.phases.flatMap(({ jobType: phase }, at) => {
    const labels = { pipeline: view.name, phase }
    let sum = 0
    const buckets = totals.counts(at, of).map((count, index) => {
      sum += count
      const bound = durationBoundsMs[index]
      const le = bound === undefined ? '+Inf' : `${bound / 1_000}`
      return { labels: { ...labels, le }, value: sum, metricName: `${name}_bucket` }
    })
    return [
      ...buckets,
      { labels, value: totals.sumMs(at, of) / 1_000, metricName: `${name}_sum` },
      { labels, value: sum, metricName: `${name}_count` },
    ]
  })
}
