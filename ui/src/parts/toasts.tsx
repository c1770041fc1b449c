/** What came of an action, said once and politely; a failure stays until it is closed. */
import { signal } from '@preact/signals'
import { ApiError } from '../api.ts'
import { Icon } from './icon.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly isError: boolean
  readonly href?: string
}

const toasts = signal<readonly Toast[]>([])
const shownMs = 6_000
const kept = 4
let lastId = 0

/** @param href where the thing that was made can be seen */
export function say(text: string, href?: string): void {
  const id = add({ text, isError: false, ...(href === undefined ? {} : { href }) })
  setTimeout(() => close(id), shownMs)
}

export function sayError(error: unknown): void {
  const hint = error instanceof ApiError && error.hint !== undefined ? ` ${error.hint}` : ''
  const text = error instanceof Error ? error.message : String(error)
  add({ text: `${text}${hint}`, isError: true })
}

function add(toast: Omit<Toast, 'id'>): number {
  lastId += 1
  toasts.value = [...toasts.value, { ...toast, id: lastId }].slice(-kept)
  return lastId
}

function close(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite" data-testid="toasts">
      {toasts.value.map(({ id, text, isError, href }) => (
        <div key={id} class={isError ? 'toast toast--error' : 'toast'}>
          <span>
            {text} {href !== undefined && <a href={href}>Show</a>}
          </span>
          <button type="button" class="icon-button" aria-label="Close" onClick={() => close(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
