/** Bulk operations under way and just ended, on every page: progress, a way to stop, what came of it. */
import { useRef } from 'preact/hooks'
import type { Operation } from '../../../src/dashboard/api-types.ts'
import { remove, segment } from '../api.ts'
import { counted, inWords, shownCount } from '../figures.ts'
import { dismissOperation, noteOperation, operations } from '../live.ts'
import { mayOperate } from '../session.ts'
import { ActionButton } from './action-button.tsx'
import { Icon } from './icon.tsx'

export const actionWords: Readonly<Record<Operation['action'], string>> = {
  redrive: 'Redrive',
  discard: 'Discard',
  cancel: 'Cancel',
  retry: 'Retry',
}

export function OperationTray() {
  if (operations.value.length === 0) return null
  return (
    <section class="tray" aria-label="Operations" data-testid="operations">
      {operations.value.map((operation) => (
        <OperationCard key={operation.id} operation={operation} />
      ))}
    </section>
  )
}

function OperationCard({ operation }: { readonly operation: Operation }) {
  const { id, action, pipeline, state, total, processed } = operation
  const card = useRef<HTMLElement>(null)
  const abort = async () => {
    noteOperation(await remove<Operation>(`operations/${segment(id)}`))
    // The button that had it is gone.
    card.current?.focus()
  }
  return (
    <article
      ref={card}
      tabIndex={-1}
      class={`tray__card tray__card--${state}`}
      data-testid="operation"
      data-state={state}
    >
      <header class="tray__head">
        <strong>
          {actionWords[action]} {counted(total, 'job')}
        </strong>
        <span class="muted">{pipeline}</span>
        {state === 'running' ? (
          mayOperate.value && (
            <ActionButton class="button button--small" act={abort}>
              Abort
            </ActionButton>
          )
        ) : (
          <button
            type="button"
            class="icon-button"
            aria-label="Close"
            onClick={() => dismissOperation(id)}
          >
            <Icon name="close" />
          </button>
        )}
      </header>
      <progress
        max={Math.max(total, 1)}
        value={total === 0 ? 1 : processed}
        aria-label={`${actionWords[action]}: ${processed} of ${total}`}
      />
      <p class="tray__result" role={state === 'running' ? undefined : 'status'}>
        {resultOf(operation)}
      </p>
    </article>
  )
}

function resultOf({ state, processed, total, outcomes, error }: Operation): string {
  const parts = Object.entries(outcomes).map(
    ([word, count]) => `${shownCount(count)} ${inWords(word)}`,
  )
  const what = parts.length === 0 ? '' : ` · ${parts.join(', ')}`
  switch (state) {
    case 'running':
      return `${shownCount(processed)} of ${shownCount(total)}${what}`
    case 'done':
      return `Done${what}`
    case 'aborted':
      return `Aborted after ${shownCount(processed)} of ${shownCount(total)}${what}`
    case 'failed':
      return `Failed after ${shownCount(processed)}: ${error ?? 'no reason given'}${what}`
  }
}
