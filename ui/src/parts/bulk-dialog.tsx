/**
 * The question before something is done to many jobs. It counts first, on the server, so that people
 * confirm a number and not a guess; above a thousand they type it.
 */
import { useEffect, useState } from 'preact/hooks'
import type { Operation, OperationRequest } from '../../../src/dashboard/api-types.ts'
import { ApiError, get, post, segment } from '../api.ts'
import { counted, shownCount } from '../figures.ts'
import { noteOperation } from '../live.ts'
import { unexpected } from '../resource.ts'
import { Dialog } from './dialog.tsx'
import { ErrorNote } from './error-note.tsx'
import { actionWords } from './operation-tray.tsx'

/** Without what the dialog itself decides. */
export type BulkRequest = Omit<OperationRequest, 'dryRun' | 'confirm' | 'perSecondMax'>

interface BulkDialogProps {
  /** One for each pipeline. */
  readonly requests: readonly BulkRequest[]
  /** What is meant, in words: `all dead jobs of videos`. */
  readonly what: string
  readonly onClose: () => void
  readonly onStarted: () => void
  /** Offers a limit of jobs in a second. */
  readonly hasRate?: boolean
}

const typedAbove = 1_000

export function BulkDialog({
  requests,
  what,
  onClose,
  onStarted,
  hasRate = false,
}: BulkDialogProps) {
  const { counts, error } = useCounts(requests)
  const [typed, setTyped] = useState('')
  const [rate, setRate] = useState('')
  const [failure, setFailure] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const action = requests[0]?.action ?? 'retry'
  const total = counts?.reduce((sum, count) => sum + count, 0)
  const mustType = total !== undefined && total > typedAbove
  const isReady =
    total !== undefined && total > 0 && (!mustType || typed.replaceAll(/\D/g, '') === String(total))

  const start = async (event: Event) => {
    event.preventDefault()
    if (!isReady || isBusy) return
    setBusy(true)
    try {
      for (const [at, request] of requests.entries()) {
        const perSecondMax = Number(rate)
        const operation = await post<Operation>('operations', {
          ...request,
          ...(perSecondMax > 0 ? { perSecondMax } : {}),
          confirm: counts?.[at] ?? 0,
        } satisfies OperationRequest)
        noteOperation(operation)
      }
      onStarted()
    } catch (thrown) {
      setFailure(thrown instanceof ApiError ? thrown : unexpected(thrown))
    } finally {
      setBusy(false)
    }
  }

  return (
    <Dialog title={`${actionWords[action]} ${what}`} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void start(event)} data-testid="bulk-dialog">
        <p data-testid="bulk-count">
          {total === undefined && error === undefined && 'Counting…'}
          {total !== undefined && (
            <>
              This will {verbs[action]} <strong>{counted(total, 'job')}</strong>.{' '}
              {action === 'discard' && 'They and their history will be gone for good.'}
            </>
          )}
        </p>
        {error !== undefined && <ErrorNote error={error} />}
        {hasRate && (
          <label class="field">
            <span class="field__label">At most, jobs a second (empty: as fast as it goes)</span>
            <input
              type="number"
              min="1"
              inputMode="numeric"
              value={rate}
              onInput={(event) => setRate(event.currentTarget.value)}
            />
          </label>
        )}
        {mustType && (
          <label class="field">
            <span class="field__label">
              That is many. Type <strong>{shownCount(total)}</strong> to confirm
            </span>
            <input
              type="text"
              inputMode="numeric"
              autocomplete="off"
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
            />
          </label>
        )}
        {failure !== undefined && <ErrorNote error={failure} />}
        <footer class="dialog__foot">
          <button type="button" class="button" onClick={onClose}>
            Keep them as they are
          </button>
          <button
            type="submit"
            class={
              action === 'discard' || action === 'cancel'
                ? 'button button--danger'
                : 'button button--primary'
            }
            disabled={!isReady || isBusy}
          >
            {total === undefined
              ? actionWords[action]
              : `${actionWords[action]} ${counted(total, 'job')}`}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

const verbs: Readonly<Record<OperationRequest['action'], string>> = {
  redrive: 'put back in the queue',
  discard: 'delete',
  cancel: 'cancel',
  retry: 'enqueue again',
}

/** A dry run for each request; ids are their own count. */
function useCounts(requests: readonly BulkRequest[]) {
  const [counts, setCounts] = useState<readonly number[]>()
  const [error, setError] = useState<ApiError>()
  useEffect(() => {
    let isGone = false
    Promise.all(requests.map((request) => request.ids?.length ?? countOf(request))).then(
      (found) => {
        if (!isGone) setCounts(found)
      },
      (thrown: unknown) => {
        if (!isGone) setError(thrown instanceof ApiError ? thrown : unexpected(thrown))
      },
    )
    return () => {
      isGone = true
    }
  }, [])
  return { counts, error }
}

async function countOf(request: BulkRequest): Promise<number> {
  let operation = await post<Operation>('operations', { ...request, dryRun: true })
  while (operation.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 300))
    operation = await get<Operation>(`operations/${segment(operation.id)}`)
  }
  if (operation.error !== undefined) {
    throw new ApiError({ status: 0, code: 'CT_REFUSED', detail: operation.error })
  }
  return operation.total
}
