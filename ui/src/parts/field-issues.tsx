/** What the server says about single fields, each with its name; without any, the error itself. */
import type { ApiError } from '../api.ts'
import { issuesByField } from '../form-fields.ts'
import { ErrorNote } from './error-note.tsx'

interface FieldIssuesProps {
  readonly error: ApiError
  /** Fields that show theirs beside themselves. */
  readonly shownElsewhere?: ReadonlySet<string>
}

export function FieldIssues({ error, shownElsewhere = new Set() }: FieldIssuesProps) {
  const issues = Object.entries(issuesByField(error.issues))
  if (issues.length === 0) return <ErrorNote error={error} />
  const others = issues.filter(([name]) => !shownElsewhere.has(name))
  return (
    <div class="note note--error" data-testid="field-issues">
      <p class="note__title">{error.message}</p>
      {error.hint !== undefined && <p>{error.hint}</p>}
      {others.length > 0 && (
        <ul>
          {others.map(([name, message]) => (
            <li key={name} class="field__issue">
              {name !== '' && <code>{name}</code>} {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
