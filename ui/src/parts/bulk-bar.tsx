/** What can be done to the chosen jobs: those of the page that are ticked, or all that match the search. */
import { useState } from 'preact/hooks'
import type { JobPage, JobRow, OperationRequest } from '../../../src/dashboard/api-types.ts'
import { counted, shownCount } from '../figures.ts'
import { termValue } from '../job-search.ts'
import { pipelines } from '../live.ts'
import { mayOperate } from '../session.ts'
import { BulkDialog, type BulkRequest } from './bulk-dialog.tsx'
import { actionWords } from './operation-tray.tsx'

export interface Selection {
  readonly rows: ReadonlyMap<string, JobRow>
  /** Not only the rows: everything that matches. */
  readonly isAll: boolean
}

interface BulkBarProps {
  readonly selection: Selection
  readonly page: JobPage
  readonly search: string
  readonly onClear: () => void
  readonly onAll: () => void
  readonly onStarted: () => void
}

type Action = OperationRequest['action']

const offered: readonly Action[] = ['retry', 'cancel', 'discard']

export function BulkBar(props: BulkBarProps) {
  const { selection, page, search, onClear, onAll, onStarted } = props
  const [asked, setAsked] = useState<readonly BulkRequest[]>()
  const isShown = mayOperate.value && (selection.rows.size > 0 || selection.isAll)
  if (!isShown && asked === undefined) return null

  const hasMore = page.next !== undefined || (page.count ?? 0) > page.jobs.length
  const isWholePage = page.jobs.length > 0 && selection.rows.size === page.jobs.length
  const obstacle = selection.isAll ? obstacleTo(search) : undefined
  const what = selection.isAll ? 'all matching jobs' : counted(selection.rows.size, 'chosen job')
  return (
    <div class="bulk" role="group" aria-label="Chosen jobs" data-testid="bulk-bar">
      <span>
        <strong>
          {selection.isAll ? `All ${matching(page)} matching` : counted(selection.rows.size, 'job')}
        </strong>{' '}
        chosen
      </span>
      {!selection.isAll && hasMore && isWholePage && (
        <button type="button" class="link-button" onClick={onAll} data-testid="all-matching">
          Choose all {matching(page)} that match
        </button>
      )}
      {obstacle !== undefined && <span class="bad">{obstacle}</span>}
      <span class="bulk__actions">
        {offered.map((action) => (
          <button
            key={action}
            type="button"
            class={
              action === 'retry' ? 'button button--small' : 'button button--small button--danger'
            }
            disabled={obstacle !== undefined}
            onClick={() => setAsked(requestsFor(action, selection, search))}
          >
            {actionWords[action]}
          </button>
        ))}
        <button type="button" class="link-button" onClick={onClear}>
          Choose none
        </button>
      </span>
      {asked !== undefined && (
        <BulkDialog
          requests={asked}
          what={what}
          onClose={() => setAsked(undefined)}
          onStarted={() => {
            setAsked(undefined)
            onStarted()
          }}
        />
      )}
    </div>
  )
}

function matching({ count, more }: JobPage): string {
  return count === undefined ? '' : `${shownCount(count)}${more ? '+' : ''}`
}

/** The server refuses both as well; here it is said before. */
function obstacleTo(search: string): string | undefined {
  if (search.trim() === '') return 'Search for something first: all jobs of everything is too much.'
  return pipelineOf(search) === undefined ? 'Add pipeline:… to the search first.' : undefined
}

function pipelineOf(search: string): string | undefined {
  const only = pipelines.value.length === 1 ? pipelines.value[0]?.name : undefined
  return termValue(search, 'pipeline') ?? only
}

/** One request for each pipeline: a manager knows only its own jobs. */
function requestsFor(action: Action, selection: Selection, search: string): readonly BulkRequest[] {
  if (selection.isAll) {
    return [{ action, pipeline: pipelineOf(search) ?? '', filter: { q: search } }]
  }
  const ids = new Map<string, string[]>()
  for (const { pipeline, id } of selection.rows.values()) {
    ids.set(pipeline, [...(ids.get(pipeline) ?? []), id])
  }
  return [...ids].map(([pipeline, some]) => ({ action, pipeline, ids: some }))
}
