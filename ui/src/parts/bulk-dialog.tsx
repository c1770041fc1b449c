/**
 * The question before something is done to many jobs. It counts first, on the server, so that people
 * confirm a number and not a guess; above a thousand they type it.
 */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Operation, OperationRequest } from '../../../src/dashboard/api-types.ts'
import { ApiError, get, post, segment } from '../api.ts'
import { counted, shownCount } from '../figures.ts'
import { noteOperation } from '../live.ts'
import { unexpected } from '../resource.ts'
import { Dialog } from './dialog.tsx'
import { ErrorNote } from './error-note.tsx'
import { TextField } from './form-fields-view.tsx'
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
  const { start, failure, isBusy } = useStart({ requests, counts, rate, onStarted })
  const action = requests[0]?.action ?? 'retry'
  const total = counts?.reduce((sum, count) => sum + count, 0)
  const mustType = total !== undefined && total > typedAbove
  const isReady =
    total !== undefined && total > 0 && (!mustType || typed.replaceAll(/\D/g, '') === String(total))
  return (
    <Dialog title={`${actionWords[action]} ${what}`} onClose={onClose}>
      <form
        class="stack"
        data-testid="bulk-dialog"
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !isBusy) void start()
        }}
      >
        <Count action={action} total={total} hasFailed={error !== undefined} />
        {error !== undefined && <ErrorNote error={error} />}
        {hasRate && (
          <TextField
            label="At most, jobs a second (empty: as fast as it goes)"
            value={rate}
            onInput={setRate}
            kind="number"
            min={1}
          />
        )}
        {mustType && (
          <TextField
            label={`That is many. Type ${shownCount(total)} to confirm`}
            value={typed}
            onInput={setTyped}
            kind="digits"
          />
        )}
        {failure !== undefined && <ErrorNote error={failure} />}
        <footer class="dialog__foot">
          <button type="button" class="button" onClick={onClose}>
            Keep them as they are
          </button>
          <button
            type="submit"
            class={isHarmful(action) ? 'button button--danger' : 'button button--primary'}
            disabled={!isReady || isBusy}
          >
            {actionWords[action]} {total !== undefined && counted(total, 'job')}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

function isHarmful(action: OperationRequest['action']): boolean {
  return action === 'discard' || action === 'cancel'
}

interface CountProps {
  readonly action: OperationRequest['action']
  /** undefined: not counted yet. */
  readonly total: number | undefined
  readonly hasFailed: boolean
}

function Count({ action, total, hasFailed }: CountProps) {
  return (
    <p data-testid="bulk-count">
      {total === undefined && !hasFailed && 'Counting…'}
      {total !== undefined && (
        <>
          This will {verbs[action]} <strong>{counted(total, 'job')}</strong>.{' '}
          {action === 'discard' && 'They and their history will be gone for good.'}
        </>
      )}
    </p>
  )
}

const verbs: Readonly<Record<OperationRequest['action'], string>> = {
  redrive: 'put back in the queue',
  discard: 'delete',
  cancel: 'cancel',
  retry: 'enqueue again',
}

interface Start {
  readonly requests: readonly BulkRequest[]
  readonly counts: readonly number[] | undefined
  /** As typed. */
  readonly rate: string
  readonly onStarted: () => void
}

function useStart({ requests, counts, rate, onStarted }: Start) {
  const [failure, setFailure] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const started = useRef(0)
  const start = async () => {
    setBusy(true)
    try {
      // After a failure it goes on where it has stopped: nothing is started twice.
      for (const request of requests.slice(started.current)) {
        const operation = await post<Operation>('operations', {
          ...request,
          // They run side by side: the limit is for all of them.
          ...(rate === '' ? {} : { perSecondMax: Number(rate) / requests.length }),
          confirm: counts?.[started.current] ?? 0,
        } satisfies OperationRequest)
        started.current += 1
        noteOperation(operation)
      }
      onStarted()
    } catch (thrown) {
      setFailure(thrown instanceof ApiError ? thrown : unexpected(thrown))
    } finally {
      setBusy(false)
    }
  }
  return { start, failure, isBusy }
}

/** By a dry run for each request; ids are their own count. */
function useCounts(requests: readonly BulkRequest[]) {
  const [counts, setCounts] = useState<readonly number[]>()
  const [error, setError] = useState<ApiError>()
  useEffect(() => {
    let isGone = false
    Promise.all(requests.map((request) => countOf(request))).then(
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
  if (request.ids !== undefined) return request.ids.length
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
