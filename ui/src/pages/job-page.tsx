/** One job: its life as a timeline, what went wrong where, what it carries, and what can be done with it. */
import { useRef, useState } from 'preact/hooks'
import type { JobDetail, JobRow } from '../../../src/dashboard/api-types.ts'
import { apiUrl, post, remove, segment } from '../api.ts'
import { JobTimeline } from '../drawing/job-timeline.tsx'
import { counted, inWords, shownDuration, shownPercent, shownTime } from '../figures.ts'
import { now, pipelines } from '../live.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { Age } from '../parts/age.tsx'
import { AttemptList } from '../parts/attempt-list.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { EmptyNote, LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { JobLogs } from '../parts/job-logs.tsx'
import { JsonText } from '../parts/json-text.tsx'
import { MergedView } from '../parts/merged-view.tsx'
import { PayloadView } from '../parts/payload-view.tsx'
import { ReplayDialog } from '../parts/replay-dialog.tsx'
import { JobBadge } from '../parts/state-badge.tsx'
import { say } from '../parts/toasts.tsx'
import { useResource } from '../resource.ts'
import { go, link } from '../router.ts'
import { mayOperate } from '../session.ts'

interface JobPageProps {
  readonly pipeline: string
  readonly id: string
}

const openMs = 1_500

export function JobPage({ pipeline, id }: JobPageProps) {
  const path = `pipelines/${segment(pipeline)}/jobs/${segment(id)}`
  const [isSettled, setSettled] = useState(false)
  const { data, error, isLoading, reload } = useResource<JobDetail>(
    path,
    isSettled ? undefined : openMs,
  )
  if (data !== undefined && isSettled !== hasEnded(data.job)) setSettled(hasEnded(data.job))
  return (
    <>
      <nav class="crumbs" aria-label="Where this is">
        <a href={link(['jobs'])}>Jobs</a> <span aria-hidden="true">/</span>{' '}
        <a href={link(['jobs'], { q: `pipeline:${pipeline}` })}>{pipeline}</a>
      </nav>
      {data === undefined && <h1 class="id">{id}</h1>}
      {isLoading && error === undefined && <LoadingNote />}
      {error !== undefined && (
        <ErrorNote error={error} isStale={data !== undefined} onRetry={reload} />
      )}
      {data !== undefined && <Job detail={data} path={path} onChanged={reload} />}
    </>
  )
}

function hasEnded({ state }: JobRow): boolean {
  return state === 'done' || state === 'dead' || state === 'cancelled'
}

interface JobProps {
  readonly detail: JobDetail
  /** Of this job, below `api/v1/`. */
  readonly path: string
  readonly onChanged: () => void
}

function Job({ detail, path, onChanged }: JobProps) {
  const { job, attempts, instructions, progress } = detail
  const [picked, setPicked] = useState<number>()
  const list = useRef<HTMLDivElement>(null)
  const pick = (index: number) => {
    setPicked(index)
    list.current?.querySelector<HTMLElement>(`[data-attempt="${index}"]`)?.focus()
  }
  return (
    <>
      <JobHead detail={detail} path={path} onChanged={onChanged} />
      {progress !== undefined && !hasEnded(job) && (
        <p class="progress">
          <progress max={1} value={progress.fraction} aria-label="Progress" />
          {shownPercent(progress.fraction * 100)} {progress.note}
        </p>
      )}
      <section class="panel">
        <h2>Timeline</h2>
        {attempts.length === 0 ? (
          <EmptyNote title={waitWords(job)} />
        ) : (
          <JobTimeline
            job={job}
            attempts={attempts}
            phases={phasesOf(job.pipeline)}
            nowMs={now.value}
            onPick={pick}
          />
        )}
      </section>
      <div class="panel-grid panel-grid--uneven">
        <section class="panel" ref={list}>
          <h2>Attempts</h2>
          <AttemptList attempts={attempts} picked={picked} />
        </section>
        <MergedView detail={detail} />
      </div>
      <section class="panel">
        <h2>{job.state === 'done' ? 'Output' : 'Instructions now'}</h2>
        <PayloadView
          payload={instructions}
          label={job.state === 'done' ? 'Output' : 'Instructions'}
          href={apiUrl(`${path}/instructions`)}
          fileName={`${job.id}.json`}
        />
      </section>
      <section class="panel">
        <h2>Logs</h2>
        <JobLogs pipeline={job.pipeline} id={job.id} />
      </section>
    </>
  )
}

/** Names of all phases, as far as the snapshot knows them. */
function phasesOf(pipeline: string): readonly string[] {
  const view = pipelines.value.find(({ name }) => name === pipeline)
  return view?.phases.map(({ jobType }) => jobType) ?? []
}

function waitWords({ state, dueMs, phase }: JobRow): string {
  if (state === 'scheduled') return `Not due yet: in ${shownDuration(dueMs - now.value)}`
  return state === 'ready' ? `Waits for a worker of ${phase}` : 'No attempt is known'
}

function JobHead({ detail, path, onChanged }: JobProps) {
  const { job } = detail
  const { pipeline, id, state, phase, phaseIndex, phases, replayOf, deathReason } = job
  const took = job.endedMs === undefined ? undefined : job.endedMs - job.enqueuedMs
  return (
    <header class="job-head">
      <div class="job-head__title">
        <h1 class="id">{id}</h1>
        <JobBadge state={state} />
      </div>
      <p class="job-head__facts">
        <span>
          phase {phase} ({phaseIndex + 1} of {phases})
        </span>
        {/* Of all phases: the job counts only those of the one it is in. */}
        <span>{counted(detail.attempts.length, 'attempt')}</span>
        <span>
          enqueued {shownTime(job.enqueuedMs, now.value)},{' '}
          <Age atMs={job.enqueuedMs} suffix=" ago" />
        </span>
        {took !== undefined && <span>took {shownDuration(Math.max(0, took))}</span>}
        {job.priority !== 0 && <span>priority {job.priority}</span>}
        {job.worker !== undefined && (
          <span>
            on <a href={link(['workers'], { q: job.worker })}>{job.worker}</a>
          </span>
        )}
        {replayOf !== undefined && (
          <span>
            replay of{' '}
            <a href={link(['jobs', pipeline, replayOf])} class="id">
              {replayOf}
            </a>
          </span>
        )}
        {deathReason !== undefined && <span class="bad">died: {inWords(deathReason)}</span>}
      </p>
      <JobActions detail={detail} path={path} onChanged={onChanged} />
    </header>
  )
}

function JobActions({ detail, path, onChanged }: JobProps) {
  const { job } = detail
  const [open, setOpen] = useState<'replay' | 'raw' | 'discard'>()
  const close = () => setOpen(undefined)
  const cancel = async () => {
    const { outcome } = await post<{ outcome: string }>(`${path}/cancel`)
    say(`Cancel ${job.id}: ${outcome}.`)
    onChanged()
  }
  const discard = async () => {
    await remove(path)
    say(`${job.id} is deleted.`)
    go(link(['jobs']))
  }
  return (
    <div class="job-head__actions">
      {mayOperate.value && hasEnded(job) && <RetryMenu detail={detail} path={path} />}
      {mayOperate.value && (
        <button type="button" class="button" onClick={() => setOpen('replay')}>
          Replay with edited input…
        </button>
      )}
      {mayOperate.value && !hasEnded(job) && (
        <ActionButton class="button button--danger" act={cancel}>
          Cancel
        </ActionButton>
      )}
      {mayOperate.value && job.state === 'dead' && (
        <button type="button" class="button button--danger" onClick={() => setOpen('discard')}>
          Delete…
        </button>
      )}
      <button type="button" class="button" onClick={() => setOpen('raw')}>
        Raw JSON
      </button>
      {open === 'replay' && <ReplayDialog detail={detail} path={path} onClose={close} />}
      {open === 'raw' && (
        <Dialog title={`${job.id}, as the API has it`} onClose={close} isWide>
          <JsonText text={JSON.stringify(detail, null, 2)} label="Raw JSON" />
        </Dialog>
      )}
      {open === 'discard' && (
        <Dialog title="Delete this job?" onClose={close}>
          <p>It and its history will be gone for good.</p>
          <footer class="dialog__foot">
            <button type="button" class="button" onClick={close}>
              Keep it
            </button>
            <ActionButton class="button button--danger" act={discard}>
              Delete
            </ActionButton>
          </footer>
        </Dialog>
      )}
    </div>
  )
}

/** A retry is a new job with the same instructions; it may skip phases whose work is done. */
function RetryMenu({ detail, path }: Pick<JobProps, 'detail' | 'path'>) {
  const { job, attempts, merged } = detail
  const failed = job.state === 'dead' ? job.phase : undefined
  const known = [...merged, ...attempts].toSorted((a, b) => a.phaseIndex - b.phaseIndex)
  const phases = [...new Set([...known.map(({ phase }) => phase), job.phase])]
  const [from, setFrom] = useState(failed ?? phases[0] ?? job.phase)
  const retry = async () => {
    const { id } = await post<{ id: string }>(`${path}/retry`, { fromPhase: from })
    say(`Enqueued again as ${id}, from ${from}.`, link(['jobs', job.pipeline, id]))
    go(link(['jobs', job.pipeline, id]))
  }
  return (
    <span class="joined">
      <ActionButton class="button button--primary" act={retry}>
        Retry from
      </ActionButton>
      <select
        aria-label="Phase to retry from"
        value={from}
        onChange={(event) => setFrom(event.currentTarget.value)}
      >
        {phases.map((phase) => (
          <option key={phase} value={phase}>
            {phase}
            {phase === failed ? ' (failed)' : ''}
          </option>
        ))}
      </select>
    </span>
  )
}
