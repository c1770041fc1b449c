/** An error as an error: what happened, what to do, and its code; never an empty list instead. */
import type { ApiError } from '../api.ts'

interface ErrorNoteProps {
  readonly error: ApiError
  /** Figures of before are still shown below. */
  readonly isStale?: boolean
  readonly onRetry?: () => void
}

export function ErrorNote({ error, isStale = false, onRetry }: ErrorNoteProps) {
  return (
    <div class="note note--error" role="alert" data-testid="error-note">
      <p class="note__title">{error.message}</p>
      {error.hint !== undefined && <p>{error.hint}</p>}
      {error.issues.length > 0 && (
        <ul>
          {error.issues.map(({ path, message }) => (
            <li key={path}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      <p class="note__foot">
        <code>{error.code}</code>
        {isStale && <span>What is shown below may be old.</span>}
        {onRetry !== undefined && (
          <button type="button" class="button button--small" onClick={onRetry}>
            Try again
          </button>
        )}
      </p>
    </div>
  )
}
