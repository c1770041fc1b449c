/** Said while no figures come: calm, because the figures of before are still worth reading. */
import { connection, now, pipelines, retryNow, snapshot, snapshotError } from '../live.ts'
import { shownAge } from '../figures.ts'

export function ConnectionBar() {
  const isLost = connection.value === 'reconnecting' || snapshotError.value !== undefined
  const atMs = snapshot.value?.atMs
  const silent = pipelines.value.filter(({ state }) => state === 'reconnecting')
  return (
    <div class="connection" role="status" data-testid="connection">
      {isLost && (
        <div class="connection__bar">
          <span class="connection__dot" />
          <span>
            Reconnecting…{' '}
            {atMs === undefined
              ? (snapshotError.value?.message ?? 'The dashboard does not answer.')
              : 'These are the last figures known'}
          </span>
          {atMs !== undefined && (
            <span aria-hidden="true">, {shownAge(Math.max(0, now.value - atMs))} old.</span>
          )}
          <button type="button" class="button button--small" onClick={retryNow}>
            Try now
          </button>
        </div>
      )}
      {!isLost && silent.length > 0 && (
        <div class="connection__bar">
          <span class="connection__dot" />
          No manager of {silent.map(({ name }) => name).join(', ')} answers: what is shown of it may
          be old.
        </div>
      )}
    </div>
  )
}
