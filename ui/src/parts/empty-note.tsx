/** Nothing to show, and why that is, or what to do about it. */
import type { ComponentChildren } from 'preact'

interface EmptyNoteProps {
  readonly title: string
  readonly children?: ComponentChildren
}

export function EmptyNote({ title, children }: EmptyNoteProps) {
  return (
    <div class="note note--empty" data-testid="empty-note">
      <p class="note__title">{title}</p>
      {children}
    </div>
  )
}

/** Grey lines where rows will be. Says so only to screen readers. */
export function LoadingNote({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, at) => (
        <span key={at} class="loading__row" />
      ))}
    </div>
  )
}
