/** Where the work stands: for each pipeline one sentence, its drawing, its last hours, its managers. */
import { useState } from 'preact/hooks'
import type { History, ManagerView, PipelineView } from '../../../src/dashboard/api-types.ts'
import { PauseButton, PipelineDrawing } from '../drawing/pipeline-drawing.tsx'
import { counted, shownAge, shownDuration } from '../figures.ts'
import { now, pipelines, retryNow, snapshot, snapshotError } from '../live.ts'
import { EmptyNote, LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { HistoryCharts, spans, type Span } from '../parts/history-charts.tsx'
import { useResource } from '../resource.ts'
import { link } from '../router.ts'

/** Charts of more pipelines would be a wall; they open on a click. */
const chartsOpenMax = 3
const historyEveryMs = 10_000

export function OverviewPage() {
  const [span, setSpan] = useState<Span>('15m')
  const history = useResource<History>(`history?span=${span}`, historyEveryMs)
  const all = pipelines.value
  return (
    <>
      <header class="page-head">
        <h1>Overview</h1>
        <SpanChoice span={span} onChoose={setSpan} />
      </header>
      {snapshotError.value !== undefined && (
        <ErrorNote
          error={snapshotError.value}
          isStale={snapshot.value !== undefined}
          onRetry={retryNow}
        />
      )}
      {snapshot.value === undefined && snapshotError.value === undefined && (
        <LoadingNote rows={4} />
      )}
      {snapshot.value !== undefined && all.length === 0 && <NoPipelines />}
      {history.error !== undefined && <ErrorNote error={history.error} onRetry={history.reload} />}
      {all.map((pipeline) => (
        <PipelineSection
          key={pipeline.name}
          pipeline={pipeline}
          history={history.data}
          isOpen={all.length <= chartsOpenMax}
        />
      ))}
    </>
  )
}

function NoPipelines() {
  return (
    <EmptyNote title="No manager has answered yet">
      <p>
        The dashboard waits for one at the addresses it was given. Start one with{' '}
        <code>carbontube pipeline</code>; it appears here by itself.
      </p>
    </EmptyNote>
  )
}

interface SpanChoiceProps {
  readonly span: Span
  readonly onChoose: (span: Span) => void
}

function SpanChoice({ span, onChoose }: SpanChoiceProps) {
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">Charts show the last</legend>
      {spans.map(({ value, title }) => (
        <label key={value}>
          <input
            type="radio"
            name="span"
            value={value}
            checked={value === span}
            onChange={() => onChoose(value)}
          />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  )
}

interface PipelineSectionProps {
  readonly pipeline: PipelineView
  readonly history: History | undefined
  readonly isOpen: boolean
}

function PipelineSection({ pipeline, history, isOpen }: PipelineSectionProps) {
  const { name, state, atMs, paused } = pipeline
  const isLost = state === 'reconnecting'
  return (
    <section
      class={isLost ? 'panel panel--stale' : 'panel'}
      aria-label={`Pipeline ${name}`}
      data-testid={`pipeline-${name}`}
    >
      <header class="panel__head">
        <h2>
          <a href={link(['pipelines', name])}>{name}</a>
        </h2>
        {isLost && (
          <span class="badge badge--warn" data-testid="reconnecting">
            reconnecting · figures {shownAge(Math.max(0, now.value - atMs))} old
          </span>
        )}
        {paused && <span class="badge badge--warn">paused</span>}
        <PauseButton pipeline={name} isPaused={paused} />
      </header>
      <Verdict pipeline={pipeline} />
      <div class="panel__figures">
        <PipelineDrawing pipeline={pipeline} />
        <details class="charts" open={isOpen}>
          <summary>Throughput, latency and backlog</summary>
          <HistoryCharts pipeline={pipeline} history={history} />
        </details>
        <Managers pipeline={pipeline} />
      </div>
    </section>
  )
}

function Verdict({ pipeline }: { readonly pipeline: PipelineView }) {
  const { verdict, state } = pipeline
  if (state === 'reconnecting') {
    const words = verdict === '' ? 'No manager of this pipeline answers right now.' : verdict
    return (
      <p class="verdict verdict--warn" data-testid="verdict">
        {words}
      </p>
    )
  }
  const isWell = verdict === ''
  return (
    <p class={isWell ? 'verdict verdict--good' : 'verdict verdict--warn'} data-testid="verdict">
      {isWell ? wellWords(pipeline) : verdict}
    </p>
  )
}

function wellWords({ phases, inPerSecond }: PipelineView): string {
  const open = phases.reduce((sum, { waiting, running }) => sum + waiting + running, 0)
  if (open === 0 && inPerSecond === 0) return 'All is well: nothing to do, and ready for more.'
  return `All is well: ${counted(open, 'job')} on the way, nothing holds them up.`
}

function Managers({ pipeline }: { readonly pipeline: PipelineView }) {
  const { managers, shardsTotal, shardsUnowned } = pipeline
  return (
    <div class="managers">
      {shardsUnowned > 0 && (
        <p class="bad">
          {counted(shardsUnowned, 'shard')} of {shardsTotal} {shardsUnowned === 1 ? 'has' : 'have'}{' '}
          no owner right now: {shardsUnowned === 1 ? 'its' : 'their'} jobs wait for a manager.
        </p>
      )}
      {managers.map((manager) => (
        <ManagerLine key={manager.id} manager={manager} shardsTotal={shardsTotal} />
      ))}
    </div>
  )
}

/** Above this, messages wait noticeably in the manager itself. */
const loopLagMsMax = 100

interface ManagerLineProps {
  readonly manager: ManagerView
  readonly shardsTotal: number
}

export function ManagerLine({ manager, shardsTotal }: ManagerLineProps) {
  const { id, version, store, durability, upSinceMs, loopLagMs, rejectedMessages, shards } = manager
  const epochs = [...new Set(shards.map(({ epoch }) => epoch))].join(', ')
  const owned = shardsTotal > 1 ? `owns ${shards.length} of ${shardsTotal} shards` : 'owner'
  return (
    <p class="managers__line" data-testid="manager">
      <strong>Manager</strong> <code title={id}>{id}</code>
      <span>{shards.length === 0 ? 'standing by' : `${owned}, epoch ${epochs}`}</span>
      <span>
        store {store}, {durability}
      </span>
      <span class={loopLagMs > loopLagMsMax ? 'bad' : ''}>loop lag {shownDuration(loopLagMs)}</span>
      <span>up {shownAge(Math.max(0, now.value - upSinceMs))}</span>
      <span>v{version}</span>
      {rejectedMessages > 0 && (
        <span class="bad">{counted(rejectedMessages, 'message')} rejected</span>
      )}
    </p>
  )
}
