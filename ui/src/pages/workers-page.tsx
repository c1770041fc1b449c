/** Every worker: what it is on, how well it does, when it last gave a sign of life; lost ones with why. */
import { useState } from 'preact/hooks'
import type { WorkerView } from '../../../src/dashboard/api-types.ts'
import { post } from '../api.ts'
import {
  counted,
  shownAge,
  shownBytes,
  shownCount,
  shownDuration,
  shownPercent,
} from '../figures.ts'
import { now, retryNow, snapshot, snapshotError } from '../live.ts'
import { ActionButton } from '../parts/action-button.tsx'
import { EmptyNote, LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { WorkerBadge } from '../parts/state-badge.tsx'
import { say } from '../parts/toasts.tsx'
import { link, route, go } from '../router.ts'
import { mayOperate } from '../session.ts'

const pageSize = 100

export function WorkersPage() {
  const filter = route.value.parameters.get('q') ?? ''
  const [shownMax, setShownMax] = useState(pageSize)
  const all = snapshot.value?.workers
  const found = (all ?? []).filter((worker) => matches(worker, filter)).toSorted(byPlace)
  return (
    <>
      <header class="page-head">
        <h1>Workers</h1>
        <label class="search-small">
          <span class="visually-hidden">Filter workers</span>
          <input
            type="search"
            placeholder="Filter by phase, host, id, state…"
            value={filter}
            onInput={(event) =>
              go(link(['workers'], { q: event.currentTarget.value }), { replace: true })
            }
          />
        </label>
      </header>
      {snapshotError.value !== undefined && (
        <ErrorNote error={snapshotError.value} isStale={all !== undefined} onRetry={retryNow} />
      )}
      {all === undefined && snapshotError.value === undefined && <LoadingNote />}
      {all?.length === 0 && (
        <EmptyNote title="No workers are connected">
          <p>
            Start one with <code>carbontube phase</code>; it appears here by itself, within a
            second.
          </p>
        </EmptyNote>
      )}
      {all !== undefined && all.length > 0 && found.length === 0 && (
        <EmptyNote title={`No worker matches “${filter}”`} />
      )}
      {found.length > 0 && <WorkerTable workers={found.slice(0, shownMax)} />}
      {found.length > shownMax && (
        <button type="button" class="button" onClick={() => setShownMax(shownMax + pageSize)}>
          Show more of {shownCount(found.length)}
        </button>
      )}
    </>
  )
}

function matches(worker: WorkerView, filter: string): boolean {
  const { pipeline, id, host, phase, version, state } = worker
  const text = [pipeline, id, host, phase, version, state].join(' ').toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** A fixed order: rows stay where they are while figures change. */
function byPlace(a: WorkerView, b: WorkerView): number {
  const key = ({ pipeline, phase, host, id }: WorkerView) => [pipeline, phase, host, id].join('\0')
  return key(a) < key(b) ? -1 : 1
}

function WorkerTable({ workers }: { readonly workers: readonly WorkerView[] }) {
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Workers">
      <table class="table table--cards" data-testid="workers-table">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Phase</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              In use
            </th>
            <th scope="col" class="number" title="Attempts that ended done, of all that ended">
              Score
            </th>
            <th scope="col" class="number" title="Moving average of its runs">
              Takes
            </th>
            <th scope="col" class="number" title="Last sign of life">
              Seen
            </th>
            <th scope="col">Jobs now</th>
            <th scope="col">
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <WorkerRow key={`${worker.pipeline} ${worker.id}`} worker={worker} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function WorkerRow({ worker }: { readonly worker: WorkerView }) {
  const { pipeline, id, host, pid, phase, version, state, used, slots, stuck } = worker
  const isLost = state === 'lost'
  return (
    <tr class={isLost ? 'row--bad' : ''} data-testid="worker" data-worker={id} data-state={state}>
      <td data-label="Worker">
        <code class="id" title={`${id}\n${worker.address}`}>
          {id}
        </code>
        <span class="cell-note">
          {host} · pid {pid} · v{version}
        </span>
      </td>
      <td data-label="Phase">
        {phase}
        <span class="cell-note">{pipeline}</span>
      </td>
      <td data-label="State">
        <WorkerBadge state={state} />
      </td>
      <td data-label="In use" class="number">
        {isLost ? (
          '–'
        ) : (
          <>
            {used} of {slots}
            <meter
              min={0}
              max={slots}
              value={used}
              aria-label={`${used} of ${slots} slots in use`}
            />
          </>
        )}
        {stuck > 0 && (
          <span class="cell-note bad" title="Runs past their time-out that do not stop">
            {stuck} stuck
          </span>
        )}
      </td>
      <td data-label="Score" class="number">
        <span
          data-testid="score"
          class={worker.score !== undefined && worker.score < 90 ? 'bad' : ''}
        >
          {shownPercent(worker.score)}
        </span>
        <span class="cell-note">
          {shownCount(worker.done)} done, {shownCount(worker.failed)} failed
        </span>
      </td>
      <td data-label="Takes" class="number">
        {shownDuration(worker.durationMs)}
      </td>
      <td data-label="Seen" class="number">
        {worker.seenMs === undefined ? '–' : shownAge(Math.max(0, now.value - worker.seenMs))}
        <span class="cell-note" title="Resident memory">
          {shownBytes(worker.rssBytes)}
        </span>
        <span class="cell-note">lag {shownDuration(worker.loopLagMs)}</span>
      </td>
      <td data-label="Jobs now">
        {isLost ? <Lost worker={worker} /> : <CurrentJobs worker={worker} />}
      </td>
      <td class="cell-actions">
        <Drain worker={worker} />
      </td>
    </tr>
  )
}

/** Jobs of one worker that are listed in its row; the rest is a number. */
const jobsShown = 4

function CurrentJobs({ worker }: { readonly worker: WorkerView }) {
  const { jobs, pipeline, id } = worker
  if (jobs.length === 0) return <span class="muted">idle</span>
  return (
    <>
      {jobs.slice(0, jobsShown).map((job) => (
        <span key={job.id} class="cell-job">
          <a href={link(['jobs', pipeline, job.id])} class="id">
            {job.id}
          </a>
          <span class="muted">
            {job.startedMs === undefined
              ? 'next'
              : shownAge(Math.max(0, now.value - job.startedMs))}
            {job.progress !== undefined && ` · ${shownPercent(job.progress.fraction * 100)}`}
            {job.progress?.note !== undefined && ` ${job.progress.note}`}
          </span>
        </span>
      ))}
      {jobs.length > jobsShown && (
        <a class="cell-note" href={link(['jobs'], { q: `worker:${id}` })}>
          and {jobs.length - jobsShown} more
        </a>
      )}
    </>
  )
}

function Lost({ worker }: { readonly worker: WorkerView }) {
  const { lostMs, lostCause, released = [], pipeline } = worker
  return (
    <>
      <span class="bad">
        {lostCause ?? 'gone'}
        {lostMs !== undefined && `, ${shownAge(Math.max(0, now.value - lostMs))} ago`}
      </span>
      {released.length > 0 && (
        <span class="cell-note" data-testid="released">
          {counted(released.length, 'job')} back in the queue:{' '}
          {released.slice(0, jobsShown).map((id) => (
            <a key={id} href={link(['jobs', pipeline, id])} class="id">
              {id}
            </a>
          ))}
          {released.length > jobsShown && ' …'}
        </span>
      )}
    </>
  )
}

/** While it finishes what it has, a drain can be taken back. */
function Drain({ worker }: { readonly worker: WorkerView }) {
  const { pipeline, id, state } = worker
  if (!mayOperate.value || state === 'lost') return null
  const isLeaving = state === 'leaving'
  const verb = isLeaving ? 'Resume' : 'Drain'
  const what = isLeaving ? 'It takes jobs again' : 'It finishes the jobs it has, then ends'
  return (
    <ActionButton
      class="button button--small"
      label={`${verb} ${id}`}
      title={what}
      act={async () => {
        await post(`workers/${verb.toLowerCase()}`, { pipeline, worker: id })
        say(`${id}: ${what}`)
      }}
    >
      {verb}
    </ActionButton>
  )
}
