/** The same job once more with other instructions: checked as JSON here, by the pipeline's schema there. */
import { useState } from 'preact/hooks'
import type { EnqueueAnswer, JobDetail } from '../../../src/dashboard/api-types.ts'
import { ApiError, post } from '../api.ts'
import { changedNames, inputOf, type Instructions } from '../replay-input.ts'
import { go, link } from '../router.ts'
import { unexpected, useResource } from '../resource.ts'
import { Dialog } from './dialog.tsx'
import { LoadingNote } from './empty-note.tsx'
import { ErrorNote } from './error-note.tsx'
import { FieldIssues } from './field-issues.tsx'
import { say } from './toasts.tsx'

interface ReplayDialogProps {
  readonly detail: JobDetail
  readonly path: string
  readonly onClose: () => void
}

export function ReplayDialog(props: ReplayDialogProps) {
  const { detail, path, onClose } = props
  const { instructions, job } = detail
  const whole = useResource<Instructions>(instructions.isCut ? `${path}/instructions` : undefined)
  const all = instructions.isCut ? whole.data : (JSON.parse(instructions.text) as Instructions)
  return (
    <Dialog title={`Replay ${job.id} with edited input`} onClose={onClose} isWide>
      {whole.error !== undefined && <ErrorNote error={whole.error} onRetry={whole.reload} />}
      {whole.isLoading && whole.error === undefined && <LoadingNote />}
      {all !== undefined && <ReplayForm {...props} start={inputOf(all, detail)} />}
    </Dialog>
  )
}

function ReplayForm({
  detail,
  path,
  onClose,
  start,
}: ReplayDialogProps & { readonly start: Instructions }) {
  const { pipeline } = detail.job
  // A job that runs goes on meanwhile: what was changed is what differs from what was shown.
  const [shown] = useState(start)
  const [text, setText] = useState(JSON.stringify(shown, null, 2))
  const [failure, setFailure] = useState<ApiError>()
  const [isBusy, setBusy] = useState(false)
  const read = readInstructions(text)
  const send = async (event: Event) => {
    event.preventDefault()
    if (read.value === undefined || isBusy) return
    setBusy(true)
    setFailure(undefined)
    try {
      const { id } = await post<EnqueueAnswer>(`${path}/retry`, {
        instructions: changedNames(shown, read.value),
      })
      say(`Enqueued as ${id}.`)
      onClose()
      go(link(['jobs', pipeline, id]))
    } catch (error) {
      setFailure(error instanceof ApiError ? error : unexpected(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="stack" onSubmit={(event) => void send(event)} data-testid="replay-form">
      <p class="muted">
        A new job starts at the first phase. Names that you change or add replace those of this one,
        all others stay as they are; nothing is enqueued unless all of it is right.
      </p>
      <label class="field">
        <span class="field__label">Instructions, as JSON</span>
        <textarea
          class="code-field"
          rows={14}
          spellcheck={false}
          value={text}
          aria-invalid={read.value === undefined || failure !== undefined}
          aria-describedby="replay-issues"
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <div id="replay-issues" aria-live="polite">
        {read.issue !== undefined && <p class="field__issue">{read.issue}</p>}
        {failure !== undefined && <FieldIssues error={failure} />}
      </div>
      <footer class="dialog__foot">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
        <button
          type="submit"
          class="button button--primary"
          disabled={read.value === undefined || isBusy}
        >
          Enqueue as a new job
        </button>
      </footer>
    </form>
  )
}

export function readInstructions(text: string): { value?: Instructions; issue?: string } {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject
      ? { value: value as Instructions }
      : { issue: 'Instructions are an object: { "name": value }.' }
  } catch (error) {
    return { issue: error instanceof Error ? error.message : 'This is no JSON.' }
  }
}
