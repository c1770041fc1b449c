/** The life of one job: a lane for each phase, a bar for each attempt (queued, running, backoff). */
import { useMemo } from 'preact/hooks'
import type { AttemptView, JobRow } from '../../../src/dashboard/api-types.ts'
import { shownDuration, shownTime } from '../figures.ts'
import { timelineOf, type Bar, type Lane } from './timeline-geometry.ts'

interface JobTimelineProps {
  readonly job: JobRow
  readonly attempts: readonly AttemptView[]
  /** All of the pipeline, in order: a lane also for those the job has not come to. */
  readonly phases: readonly string[]
  readonly nowMs: number
  /** Somebody wants to read about that attempt. */
  readonly onPick: (index: number) => void
}

const laneHeight = 30
const barHeight = 14

export function JobTimeline({ job, attempts, phases, nowMs, onPick }: JobTimelineProps) {
  const isOpen = attempts.some(({ endedMs }) => endedMs === undefined)
  const until = isOpen || job.endedMs === undefined ? nowMs : job.endedMs
  const timeline = useMemo(
    () => timelineOf({ ...job, attempts, phases }, until),
    [job, attempts, phases.join(), until],
  )
  const { lanes, ticks, fromMs, toMs } = timeline
  const height = lanes.length * laneHeight + 20
  return (
    <div class="timeline" data-testid="timeline">
      <div class="timeline__names" aria-hidden="true">
        {lanes.map(({ phase, phaseIndex }) => (
          <span key={phaseIndex} title={phase}>
            {phase}
          </span>
        ))}
      </div>
      <svg
        class="timeline__drawing"
        width="100%"
        height={height}
        role="group"
        aria-label={`Timeline over ${shownDuration(toMs - fromMs)}, from ${shownTime(fromMs, nowMs)}`}
      >
        {ticks.map(({ atMs, left }) => (
          <g key={atMs}>
            <line
              class="timeline__tick"
              x1={percent(left)}
              x2={percent(left)}
              y1="0"
              y2={height - 18}
            />
            <text
              class="timeline__time"
              x={percent(left)}
              y={height - 5}
              text-anchor={left > 0.94 ? 'end' : left < 0.03 ? 'start' : 'middle'}
            >
              {left === 0 ? '0' : `+${shownDuration(atMs - fromMs)}`}
            </text>
          </g>
        ))}
        {lanes.map((lane, at) => (
          <LaneDrawing key={lane.phaseIndex} lane={lane} top={at * laneHeight} onPick={onPick} />
        ))}
      </svg>
      <p class="timeline__legend" aria-hidden="true">
        <span class="timeline__key timeline__key--queued">queued</span>
        <span class="timeline__key timeline__key--done">done</span>
        <span class="timeline__key timeline__key--failed">failed</span>
        <span class="timeline__key timeline__key--running">running</span>
        <span class="timeline__key timeline__key--backoff">backoff</span>
      </p>
    </div>
  )
}

interface LaneDrawingProps {
  readonly lane: Lane
  readonly top: number
  readonly onPick: (index: number) => void
}

function LaneDrawing({ lane, top, onPick }: LaneDrawingProps) {
  return (
    <g data-testid="timeline-lane" role="group" aria-label={lane.phase}>
      <line class="timeline__line" x1="0" x2="100%" y1={top + laneHeight} y2={top + laneHeight} />
      {lane.bars.map((bar) => (
        <AttemptBar
          key={bar.index}
          bar={bar}
          top={top + (laneHeight - barHeight) / 2}
          onPick={onPick}
        />
      ))}
    </g>
  )
}

function AttemptBar({
  bar,
  top,
  onPick,
}: {
  bar: Bar
  top: number
  onPick: (index: number) => void
}) {
  const words = barWords(bar)
  return (
    <g
      class={`attempt attempt--${bar.attempt.outcome}`}
      data-testid="attempt-bar"
      role="button"
      tabIndex={0}
      aria-label={words}
      onClick={() => onPick(bar.index)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault()
          onPick(bar.index)
        }
      }}
    >
      <title>{words}</title>
      {bar.segments.map(({ kind, left, width }) => (
        <rect
          key={kind}
          class={`attempt__${kind}`}
          x={percent(left)}
          width={percent(width)}
          y={kind === 'running' ? top : top + barHeight / 2 - 2}
          height={kind === 'running' ? barHeight : 4}
          rx={kind === 'running' ? 3 : 2}
        />
      ))}
    </g>
  )
}

function barWords({ attempt, segments }: Bar): string {
  const parts = segments.map(({ kind, fromMs, toMs }) => `${kind} ${shownDuration(toMs - fromMs)}`)
  return `${attempt.phase}, attempt ${attempt.attempt}, ${attempt.outcome}: ${parts.join(', ')}`
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(3)}%`
}
