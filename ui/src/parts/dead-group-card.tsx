/** One cause of death: how many, since when, an example; opened, the jobs themselves. */
import { useState } from 'preact/hooks'
import type { DeadGroup, JobPage, JobRow } from '../../../src/dashboard/api-types.ts'
import { query } from '../api.ts'
import { counted, inWords, shownCount, shownTime } from '../figures.ts'
import { now } from '../live.ts'
import { useResource } from '../resource.ts'
import { link } from '../router.ts'
import { mayOperate } from '../session.ts'
import { Age } from './age.tsx'
import { BulkDialog, type BulkRequest } from './bulk-dialog.tsx'
import { LoadingNote } from './empty-note.tsx'
import { ErrorNote } from './error-note.tsx'
import { Icon } from './icon.tsx'

interface DeadGroupCardProps {
  readonly group: DeadGroup
  readonly isChosen: boolean
  readonly onToggle: () => void
  readonly onAsk: (action: 'redrive' | 'discard') => void
}

export function DeadGroupCard({ group, isChosen, onToggle, onAsk }: DeadGroupCardProps) {
  const [isOpen, setOpen] = useState(false)
  const { pipeline, phase, fingerprint, reason, count, firstMs, lastMs, sample, key } = group
  const title = fingerprint === '' ? inWords(reason) : fingerprint
  return (
    <li class="dead__group" data-testid="dead-group" data-group={key}>
      <div class="dead__head">
        {mayOperate.value && (
          <input
            type="checkbox"
            aria-label={`Choose the group ${title}`}
            checked={isChosen}
            onChange={onToggle}
          />
        )}
        <div class="dead__main">
          <h2 class="dead__title">{title}</h2>
          <p class="dead__facts">
            <span>
              {pipeline} › <b>{phase}</b>
            </span>
            <span>{inWords(reason)}</span>
            <span>
              last <Age atMs={lastMs} suffix=" ago" />, first {shownTime(firstMs, now.value)}
            </span>
          </p>
          <p class="dead__sample">
            <span class="muted">For example </span>
            <a class="id" href={link(['jobs', pipeline, sample.id])}>
              {sample.id}
            </a>
            <code>{sample.error}</code>
          </p>
        </div>
        <strong class="dead__count" data-testid="dead-count">
          {shownCount(count)}
          <span class="visually-hidden"> jobs</span>
        </strong>
      </div>
      <div class="dead__actions">
        <button
          type="button"
          class="link-button dead__toggle"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Icon name="chevron" /> {isOpen ? 'Hide jobs' : 'Show jobs'}
        </button>
        {mayOperate.value && (
          <>
            <button type="button" class="button button--small" onClick={() => onAsk('redrive')}>
              Redrive…
            </button>
            <button
              type="button"
              class="button button--small button--danger"
              onClick={() => onAsk('discard')}
            >
              Discard…
            </button>
          </>
        )}
      </div>
      {isOpen && <Members group={group} />}
    </li>
  )
}

function Members({ group }: { readonly group: DeadGroup }) {
  const [after, setAfter] = useState('')
  const path = `jobs${query({ group: group.key, after, limit: 100 })}`
  const { data, error, reload } = useResource<JobPage>(path)
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState<BulkRequest>()
  if (error !== undefined) return <ErrorNote error={error} onRetry={reload} />
  if (data === undefined) return <LoadingNote rows={3} />

  const { jobs, next } = data
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  const ask = (action: 'redrive' | 'discard') =>
    setAsked({ action, pipeline: group.pipeline, ids: [...chosen] })
  return (
    <div class="dead__jobs">
      <ul>
        {jobs.map((row) => (
          <Member
            key={row.id}
            row={row}
            isChosen={chosen.has(row.id)}
            onToggle={() => toggle(row.id)}
          />
        ))}
      </ul>
      <p class="dead__more">
        {next !== undefined && (
          <>
            {jobs.length} of {shownCount(group.count)}{' '}
            <button type="button" class="button button--small" onClick={() => setAfter(next)}>
              Next
            </button>
          </>
        )}
        {chosen.size > 0 && (
          <>
            <button type="button" class="button button--small" onClick={() => ask('redrive')}>
              Redrive {counted(chosen.size, 'chosen job')}…
            </button>
            <button
              type="button"
              class="button button--small button--danger"
              onClick={() => ask('discard')}
            >
              Discard {counted(chosen.size, 'chosen job')}…
            </button>
          </>
        )}
      </p>
      {asked !== undefined && (
        <BulkDialog
          requests={[asked]}
          what="the chosen jobs"
          hasRate={asked.action === 'redrive'}
          onClose={() => setAsked(undefined)}
          onStarted={() => {
            setAsked(undefined)
            setChosen(new Set())
            reload()
          }}
        />
      )}
    </div>
  )
}

interface MemberProps {
  readonly row: JobRow
  readonly isChosen: boolean
  readonly onToggle: () => void
}

function Member({ row, isChosen, onToggle }: MemberProps) {
  return (
    <li class="dead__job">
      {mayOperate.value && (
        <input
          type="checkbox"
          aria-label={`Choose ${row.id}`}
          checked={isChosen}
          onChange={onToggle}
        />
      )}
      <a class="id" href={link(['jobs', row.pipeline, row.id])}>
        {row.id}
      </a>
      <span class="muted">
        <Age atMs={row.endedMs ?? row.dueMs} suffix=" ago" />
      </span>
      <code>{row.lastError}</code>
    </li>
  )
}
