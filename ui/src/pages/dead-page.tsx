/** Jobs that were given up, by what they died of: look at one, repair the cause, put all of them back. */
import { useRef, useState } from 'preact/hooks'
import type { DeadGroup, DeadGroups } from '../../../src/dashboard/api-types.ts'
import { counted, shownCount } from '../figures.ts'
import { deadTotal } from '../live.ts'
import { BulkDialog, type BulkRequest } from '../parts/bulk-dialog.tsx'
import { DeadGroupCard } from '../parts/dead-group-card.tsx'
import { EmptyNote, LoadingNote } from '../parts/empty-note.tsx'
import { ErrorNote } from '../parts/error-note.tsx'
import { useResource } from '../resource.ts'
import { mayOperate } from '../session.ts'

const refreshMs = 4_000

interface Question {
  readonly requests: readonly BulkRequest[]
  readonly what: string
}

export function DeadPage() {
  const { data, error, isLoading, reload } = useResource<DeadGroups>('dead', refreshMs)
  const groups = useStableOrder(data?.groups ?? [])
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [question, setQuestion] = useState<Question>()
  const toggle = (key: string) => {
    const next = new Set(chosen)
    if (!next.delete(key)) next.add(key)
    setChosen(next)
  }
  const ask = (action: 'redrive' | 'discard', some: readonly DeadGroup[], what: string) =>
    setQuestion({ requests: some.map((group) => requestFor(action, group)), what })
  const picked = groups.filter(({ key }) => chosen.has(key))
  const askAll = (action: 'redrive' | 'discard', what: string) => {
    if (picked.length > 0) ask(action, picked, what)
    else setQuestion({ requests: requestsForAll(action, groups), what })
  }

  return (
    <>
      <header class="page-head">
        <h1>Dead jobs</h1>
        <p class="muted page-head__count" data-testid="dead-total">
          {counted(deadTotal.value, 'job')}
          {data !== undefined && `, ${counted(data.groups.length, 'cause')}`}
        </p>
        {mayOperate.value && groups.length > 0 && <DeadActions picked={picked} onAsk={askAll} />}
      </header>
      {error !== undefined && (
        <ErrorNote error={error} isStale={data !== undefined} onRetry={reload} />
      )}
      {isLoading && error === undefined && <LoadingNote />}
      {data !== undefined && <Extent found={data} />}
      <ul class="dead" data-testid="dead-groups">
        {groups.map((group) => (
          <DeadGroupCard
            key={group.key}
            group={group}
            isChosen={chosen.has(group.key)}
            onToggle={() => toggle(group.key)}
            onAsk={(action) => ask(action, [group], 'this group')}
          />
        ))}
      </ul>
      {question !== undefined && (
        <BulkDialog
          {...question}
          hasRate={question.requests[0]?.action === 'redrive'}
          onClose={() => setQuestion(undefined)}
          onStarted={() => {
            setQuestion(undefined)
            setChosen(new Set())
            reload()
          }}
        />
      )}
    </>
  )
}

/** What the groups stand for, where that is not all. */
function Extent({ found: { groups, isCut, searched } }: { readonly found: DeadGroups }) {
  if (groups.length === 0) {
    return (
      <EmptyNote title="No dead jobs">
        <p>Jobs that used up their attempts, or were rejected, would be here, by their cause.</p>
      </EmptyNote>
    )
  }
  if (!isCut) return null
  return (
    <p class="muted">
      Grouped are the newest {shownCount(searched)}; there are more, which “all” includes.
    </p>
  )
}

interface DeadActionsProps {
  readonly picked: readonly DeadGroup[]
  readonly onAsk: (action: 'redrive' | 'discard', what: string) => void
}

function DeadActions({ picked, onAsk }: DeadActionsProps) {
  const what = picked.length === 0 ? 'all' : counted(picked.length, 'group')
  const meant = picked.length === 0 ? 'all dead jobs' : what
  return (
    <div class="page-head__actions">
      <button type="button" class="button button--primary" onClick={() => onAsk('redrive', meant)}>
        Redrive {what}
      </button>
      <button type="button" class="button button--danger" onClick={() => onAsk('discard', meant)}>
        Discard {what}
      </button>
    </div>
  )
}

function requestFor(action: 'redrive' | 'discard', { pipeline, key }: DeadGroup): BulkRequest {
  return { action, pipeline, filter: { group: key } }
}

/** By search and not by group: also what was not looked at. */
function requestsForAll(
  action: 'redrive' | 'discard',
  groups: readonly DeadGroup[],
): readonly BulkRequest[] {
  const names = [...new Set(groups.map(({ pipeline }) => pipeline))]
  return names.map((pipeline) => ({ action, pipeline, filter: { q: 'state:dead' } }))
}

/** Groups stay where they were first seen, whichever is the largest by now; new ones come at the end. */
function useStableOrder(groups: readonly DeadGroup[]): readonly DeadGroup[] {
  const order = useRef(new Map<string, number>())
  for (const { key } of groups) {
    if (!order.current.has(key)) order.current.set(key, order.current.size)
  }
  const at = ({ key }: DeadGroup) => order.current.get(key) ?? 0
  return groups.toSorted((a, b) => at(a) - at(b))
}
