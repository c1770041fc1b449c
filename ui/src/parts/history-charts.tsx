/** The last minutes or hours of one pipeline, as three charts. */
import { useState } from 'preact/hooks'
import type { History, PipelineView } from '../../../src/dashboard/api-types.ts'
import { shortCount, shownDuration, shownRate } from '../figures.ts'
import { Chart } from './chart.tsx'

export type Span = '15m' | '1h' | '6h'

export const spans: readonly { readonly value: Span; readonly title: string }[] = [
  { value: '15m', title: '15 min' },
  { value: '1h', title: '1 h' },
  { value: '6h', title: '6 h' },
]

interface HistoryChartsProps {
  readonly pipeline: PipelineView
  readonly history: History | undefined
}

/** More lines in one chart are a tangle: the longest queues are drawn. */
const linesMax = 5

export function HistoryCharts({ pipeline, history }: HistoryChartsProps) {
  const bottleneck = pipeline.phases.find(({ isBottleneck }) => isBottleneck)?.jobType
  const [picked, setPicked] = useState<string>()
  const known = history?.pipelines.find(({ name }) => name === pipeline.name)
  if (history === undefined || known === undefined) {
    return <p class="muted charts__none">The first figures come in a few seconds.</p>
  }

  const { fromMs, stepMs } = history
  const phase =
    known.phases.find(({ jobType }) => jobType === (picked ?? bottleneck)) ?? known.phases[0]
  const queues = known.phases
    .map((one) => ({
      ...one,
      sum: one.waiting.reduce<number>((sum, value) => sum + (value ?? 0), 0),
    }))
    .toSorted((a, b) => b.sum - a.sum)
    .slice(0, linesMax)
  const order = (jobType: string) => known.phases.findIndex((one) => one.jobType === jobType)
  const axis = { fromMs, stepMs }
  return (
    <div class="charts__row">
      <Chart
        {...axis}
        title="Throughput, jobs/s"
        shown={shownRate}
        lines={[
          { title: 'in', colour: '--line-1', values: known.inPerSecond },
          { title: 'done', colour: '--line-2', values: known.donePerSecond },
        ]}
      />
      <Chart
        {...axis}
        title={
          <PhaseChoice
            names={known.phases.map(({ jobType }) => jobType)}
            chosen={phase?.jobType ?? ''}
            onChoose={setPicked}
          />
        }
        shown={shownDuration}
        lines={[
          { title: 'p50', colour: '--line-1', values: phase?.p50Ms ?? [] },
          { title: 'p95', colour: '--line-3', values: phase?.p95Ms ?? [] },
        ]}
      />
      <Chart
        {...axis}
        title="Waiting"
        shown={shortCount}
        lines={queues
          .toSorted((a, b) => order(a.jobType) - order(b.jobType))
          .map(({ jobType, waiting }, at) => ({
            title: jobType,
            colour: `--line-${at + 1}`,
            values: waiting,
          }))}
      />
    </div>
  )
}

interface PhaseChoiceProps {
  readonly names: readonly string[]
  readonly chosen: string
  readonly onChoose: (name: string) => void
}

function PhaseChoice({ names, chosen, onChoose }: PhaseChoiceProps) {
  if (names.length < 2) return <>Time in {chosen}</>
  return (
    <label>
      Time in{' '}
      <select value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  )
}
