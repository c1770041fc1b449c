/** Every pipeline there is, with the way to its own page. */
import { counted, shownRate } from '../figures.ts'
import { pipelines, retryNow, snapshot, snapshotError } from '../live.ts'
import { EmptyNote, LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { link } from '../router.ts'

export function PipelinesPage() {
  return (
    <>
      <header class="page-head">
        <h1>Pipelines</h1>
      </header>
      {snapshotError.value !== undefined && (
        <ErrorNote
          error={snapshotError.value}
          isStale={snapshot.value !== undefined}
          onRetry={retryNow}
        />
      )}
      {snapshot.value === undefined && snapshotError.value === undefined && (
        <LoadingNote rows={3} />
      )}
      {snapshot.value !== undefined && pipelines.value.length === 0 && (
        <EmptyNote title="No manager has answered yet" />
      )}
      <ul class="cards">
        {pipelines.value.map(({ name, phases, inPerSecond, donePerSecond, managers, state }) => (
          <li key={name}>
            <a class="card" href={link(['pipelines', name])} data-testid={`pipeline-card-${name}`}>
              <strong>{name}</strong>
              <span class="card__phases">{phases.map(({ jobType }) => jobType).join(' → ')}</span>
              <span class="muted">
                {counted(phases.length, 'phase')} · {counted(managers.length, 'manager')} ·{' '}
                {shownRate(inPerSecond)}/s in, {shownRate(donePerSecond)}/s done
                {state === 'reconnecting' && ' · reconnecting'}
              </span>
            </a>
          </li>
        ))}
      </ul>
    </>
  )
}
