/** The table of jobs: one row each, selectable, with what one needs to decide which to open. */
import type { JobRow } from '../../../src/dashboard/api-types.ts'
import { inWords, shownDuration } from '../figures.ts'
import { now } from '../live.ts'
import { link } from '../router.ts'
import { mayOperate } from '../session.ts'
import { Age } from './age.tsx'
import type { Selection } from './bulk-bar.tsx'
import { JobBadge } from './state-badge.tsx'

interface JobTableProps {
  readonly rows: readonly JobRow[]
  readonly selection: Selection
  readonly onSelect: (selection: Selection) => void
}

export function keyOf({ pipeline, id }: JobRow): string {
  return `${pipeline}\0${id}`
}

export function JobTable({ rows, selection, onSelect }: JobTableProps) {
  const chosen = rows.filter((row) => selection.rows.has(keyOf(row)))
  const toggleAll = () => {
    const all = chosen.length === rows.length ? [] : rows
    onSelect({ rows: new Map(all.map((row) => [keyOf(row), row])), isAll: false })
  }
  const toggle = (row: JobRow) => {
    const next = new Map(selection.rows)
    if (!next.delete(keyOf(row))) next.set(keyOf(row), row)
    onSelect({ rows: next, isAll: false })
  }
  return (
    <div class="table-wrap" tabIndex={0} role="region" aria-label="Jobs">
      <table class="table table--cards table--jobs" data-testid="jobs-table">
        <thead>
          <tr>
            {mayOperate.value && (
              <th scope="col" class="cell-check">
                <input
                  type="checkbox"
                  aria-label="Select all jobs of this page"
                  checked={chosen.length === rows.length}
                  indeterminate={chosen.length > 0 && chosen.length < rows.length}
                  onChange={toggleAll}
                />
              </th>
            )}
            <th scope="col">Job</th>
            <th scope="col">State</th>
            <th scope="col">Phase</th>
            <th scope="col" class="number">
              Attempts
            </th>
            <th scope="col" class="number">
              Age
            </th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Last error</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={keyOf(row)}
              row={row}
              isChosen={selection.isAll || selection.rows.has(keyOf(row))}
              onToggle={() => toggle(row)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly row: JobRow
  readonly isChosen: boolean
  readonly onToggle: () => void
}

function Row({ row, isChosen, onToggle }: RowProps) {
  const { pipeline, id, state, phase, phaseIndex, phases, attempts, enqueuedMs, endedMs } = row
  return (
    <tr class={isChosen ? 'row--chosen' : ''} data-testid="job-row" data-job={id}>
      {mayOperate.value && (
        <td class="cell-check">
          <input
            type="checkbox"
            aria-label={`Select ${id}`}
            checked={isChosen}
            onChange={onToggle}
          />
        </td>
      )}
      <td data-label="Job">
        <a href={link(['jobs', pipeline, id])} class="id" title={id}>
          {id}
        </a>
        <span class="cell-note">
          {pipeline}
          {row.priority !== 0 && ` · priority ${row.priority}`}
        </span>
      </td>
      <td data-label="State">
        <JobBadge state={state} />
        {state === 'scheduled' && row.dueMs > now.value && (
          <span class="cell-note">in {shownDuration(row.dueMs - now.value)}</span>
        )}
      </td>
      <td data-label="Phase">
        {state === 'done' ? <span class="muted">all {phases}</span> : phase}
        {state !== 'done' && (
          <span class="cell-note">
            {phaseIndex + 1} of {phases}
          </span>
        )}
      </td>
      <td data-label="Attempts" class="number">
        {attempts}
      </td>
      <td data-label="Age" class="number">
        <Age atMs={enqueuedMs} />
      </td>
      <td data-label="Took" class="number">
        {endedMs === undefined ? '–' : shownDuration(Math.max(0, endedMs - enqueuedMs))}
      </td>
      <td data-label="Last error" class="cell-error">
        <LastError row={row} />
      </td>
    </tr>
  )
}

function LastError({ row: { lastError, deathReason } }: { readonly row: JobRow }) {
  if (lastError === undefined && deathReason === undefined) return <span class="muted">–</span>
  return <span title={lastError}>{lastError ?? inWords(deathReason ?? '')}</span>
}
