/**
 * A pipeline from left to right: what comes in, a box for each phase with the tube that feeds it, what came
 * of the jobs. The tube is filled by how many wait, so the eye finds the jam before it reads a number.
 */
import { useState } from 'preact/hooks'
import type { PhaseView, PipelineView } from '../../../src/dashboard/api-types.ts'
import { post, segment } from '../api.ts'
import { shortCount, shownAge, shownDuration, shownPercent, shownRate } from '../figures.ts'
import { now } from '../live.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { Icon } from '../parts/icon.tsx'
import { link } from '../router.ts'
import { mayOperate } from '../session.ts'
import { phaseReason } from './phase-reason.ts'
import { shownPhases } from './shown-phases.ts'

export function PipelineDrawing({ pipeline }: { readonly pipeline: PipelineView }) {
  const [isExpanded, setExpanded] = useState(false)
  const { phases, inPerSecond, scheduled } = pipeline
  const shown = shownPhases(phases, isExpanded)
  const most = Math.max(1, ...phases.map(({ waiting }) => waiting))
  return (
    <ol class="drawing" aria-label={`Phases of ${pipeline.name}`} data-testid="drawing">
      <li class="drawing__end" data-testid="drawing-in">
        <span class="drawing__big">{shownRate(inPerSecond)}/s</span>
        <span class="muted">enqueued</span>
        {scheduled > 0 && (
          <a href={link(['jobs'], { q: `state:scheduled pipeline:${pipeline.name}` })}>
            {shortCount(scheduled)} scheduled
          </a>
        )}
      </li>
      {shown.map((one) =>
        one.kind === 'gap' ? (
          <li key={`gap ${one.from}`} class="drawing__step drawing__step--gap">
            <Tube level={levelOf(one.phases, most)} isFlowing={isFlowing(one.phases)} />
            <button type="button" class="drawing__gap" onClick={() => setExpanded(true)}>
              {one.phases.length} more <span class="visually-hidden">phases</span>
              <span class="muted">
                {shortCount(one.phases.reduce((sum, { waiting }) => sum + waiting, 0))} waiting
              </span>
            </button>
          </li>
        ) : (
          <li key={one.phase.jobType} class="drawing__step">
            <Tube level={levelOf([one.phase], most)} isFlowing={isFlowing([one.phase])} />
            <PhaseBox
              pipeline={pipeline}
              phase={one.phase}
              inPerSecond={one.index === 0 ? inPerSecond : (phases[one.index - 1]?.perSecond ?? 0)}
            />
          </li>
        ),
      )}
      <li class="drawing__step drawing__step--end">
        <Tube level={0} isFlowing={pipeline.donePerSecond > 0} />
        <Settled pipeline={pipeline} />
      </li>
      {isExpanded && (
        <li class="drawing__fold">
          <button type="button" class="link-button" onClick={() => setExpanded(false)}>
            Show fewer phases
          </button>
        </li>
      )}
    </ol>
  )
}

function Settled({ pipeline }: { readonly pipeline: PipelineView }) {
  const { name, settled, donePerSecond } = pipeline
  const search = (state: string) => link(['jobs'], { q: `state:${state} pipeline:${name}` })
  return (
    <div class="drawing__end" data-testid="drawing-out">
      <span class="drawing__big">{shownRate(donePerSecond)}/s</span>
      <a href={search('done')} data-testid="settled-done">
        {shortCount(settled.done)} done
      </a>
      {settled.dead > 0 && (
        <a class="bad" href={link(['dead'])} data-testid="settled-dead">
          {shortCount(settled.dead)} dead
        </a>
      )}
      {settled.cancelled > 0 && (
        <a href={search('cancelled')}>{shortCount(settled.cancelled)} cancelled</a>
      )}
    </div>
  )
}

interface PhaseBoxProps {
  readonly pipeline: PipelineView
  readonly phase: PhaseView
  readonly inPerSecond: number
}

function PhaseBox({ pipeline, phase, inPerSecond }: PhaseBoxProps) {
  const { jobType, trouble, isBottleneck, waiting, oldestMs } = phase
  const reason = phaseReason(phase, inPerSecond, now.value)
  const look = [
    'box',
    trouble === undefined ? '' : `box--${trouble}`,
    isBottleneck ? 'box--bottleneck' : '',
  ].join(' ')
  return (
    <section class={look} aria-label={`Phase ${jobType}`} data-testid={`phase-${jobType}`}>
      {isBottleneck && (
        <span class="box__mark" data-testid="bottleneck">
          Bottleneck
        </span>
      )}
      <header class="box__head">
        <h3 class="box__name" title={jobType}>
          {jobType}
        </h3>
        <PauseButton pipeline={pipeline.name} phase={jobType} isPaused={phase.paused} />
      </header>
      <a
        class="box__queue"
        href={link(['jobs'], { q: `state:ready pipeline:${pipeline.name} phase:${jobType}` })}
      >
        <span class="box__waiting" data-testid="waiting">
          {shortCount(waiting)}
        </span>{' '}
        waiting
        <span class="box__oldest" data-testid="oldest">
          {waiting > 0 &&
            oldestMs !== undefined &&
            `oldest ${shownAge(Math.max(0, now.value - oldestMs))}`}
        </span>
      </a>
      <Slots phase={phase} />
      <PhaseFigures phase={phase} inPerSecond={inPerSecond} />
      {reason !== '' && (
        <p class="box__reason" data-testid="reason">
          {reason}
        </p>
      )}
    </section>
  )
}

function PhaseFigures({ phase, inPerSecond }: Pick<PhaseBoxProps, 'phase' | 'inPerSecond'>) {
  const { perSecond, duration, failPercent, done } = phase
  const isFailing = failPercent !== undefined && failPercent >= 5
  return (
    <dl class="figures">
      <Figure name="in → out" value={`${shownRate(inPerSecond)} → ${shownRate(perSecond)}/s`} />
      <Figure name="p50" value={shownDuration(duration.p50Ms)} />
      <Figure name="p95" value={shownDuration(duration.p95Ms)} />
      <Figure name="failing" value={shownPercent(failPercent)} isBad={isFailing} />
      <Figure name="done" value={shortCount(done)} testId="phase-done" />
    </dl>
  )
}

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly isBad?: boolean
  readonly testId?: string
}

function Figure({ name, value, isBad = false, testId }: FigureProps) {
  return (
    <div class="figures__row">
      <dt>{name}</dt>
      <dd class={isBad ? 'bad' : ''} data-testid={testId}>
        {value}
      </dd>
    </div>
  )
}

/** Up to so many slots are drawn one by one; more of them as one bar. */
const cellsMax = 16

function Slots({ phase }: { readonly phase: PhaseView }) {
  const { slots, slotsFree, running, workers } = phase
  const used = Math.max(0, slots - slotsFree)
  const words =
    workers === 0
      ? 'no workers'
      : `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${slotsFree} of ${slots} slots free`
  return (
    <div class="slots">
      <svg class="slots__bar" width="100%" height="8" aria-hidden="true">
        {slots <= cellsMax ? (
          Array.from({ length: Math.max(slots, 1) }, (_, at) => (
            <rect
              key={at}
              class={at < used ? 'slots__cell slots__cell--used' : 'slots__cell'}
              x={`${(at / Math.max(slots, 1)) * 100}%`}
              width={`${100 / Math.max(slots, 1) - 1.5}%`}
              height="8"
              rx="2"
            />
          ))
        ) : (
          <>
            <rect class="slots__cell" width="100%" height="8" rx="2" />
            <rect
              class="slots__cell slots__cell--used"
              width={`${(used / slots) * 100}%`}
              height="8"
              rx="2"
            />
          </>
        )}
      </svg>
      <span class={workers === 0 ? 'slots__words bad' : 'slots__words'} data-testid="workers">
        <span data-testid="running">{shortCount(running)}</span> in flight · {words}
      </span>
    </div>
  )
}

interface PauseButtonProps {
  readonly pipeline: string
  /** Left out: the whole pipeline. */
  readonly phase?: string
  readonly isPaused: boolean
}

export function PauseButton({ pipeline, phase, isPaused }: PauseButtonProps) {
  if (!mayOperate.value) return isPaused ? <span class="badge badge--warn">paused</span> : null
  const verb = isPaused ? 'resume' : 'pause'
  const label = `${isPaused ? 'Resume' : 'Pause'} ${phase ?? pipeline}`
  const act = () =>
    post(`pipelines/${segment(pipeline)}/${verb}`, phase === undefined ? {} : { phase })
  const icon = <Icon name={isPaused ? 'play' : 'pause'} />
  if (phase !== undefined) {
    return (
      <ActionButton class="icon-button" label={label} title={label} act={act}>
        {icon}
      </ActionButton>
    )
  }
  return (
    <ActionButton label={label} act={act}>
      {icon} {isPaused ? 'Resume' : 'Pause'}
    </ActionButton>
  )
}

function levelOf(phases: readonly PhaseView[], most: number): number {
  const waiting = phases.reduce((sum, phase) => sum + phase.waiting, 0)
  if (waiting === 0) return 0
  // By its logarithm: ten and ten thousand must both be seen in one drawing.
  return Math.min(1, Math.max(0.15, Math.log1p(waiting) / Math.log1p(Math.max(most, 20))))
}

function isFlowing(phases: readonly PhaseView[]): boolean {
  return phases.some(({ perSecond }) => perSecond > 0)
}

/** The way into a phase, filled by what waits there; it moves while jobs are done. */
function Tube({
  level,
  isFlowing: moves,
}: {
  readonly level: number
  readonly isFlowing: boolean
}) {
  const filled = Math.round(level * 12)
  return (
    <svg class="tube" viewBox="0 0 28 20" width="28" height="20" aria-hidden="true">
      <rect class="tube__wall" x="-2" y="3" width="32" height="14" />
      <rect class="tube__fill" x="-2" y={16 - filled} width="32" height={filled} />
      {moves && <path class="tube__flow" d="M-2 10h32" />}
      <path class="tube__edge" d="M-2 3h32M-2 17h32" />
    </svg>
  )
}
