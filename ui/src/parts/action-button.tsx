/** A button for something that takes a while: it cannot be pressed twice, and a failure is said. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { sayError } from './toasts.tsx'

interface ActionButtonProps {
  readonly act: () => Promise<unknown>
  readonly children: ComponentChildren
  readonly label?: string
  readonly title?: string
  readonly class?: string
  readonly isDisabled?: boolean
}

export function ActionButton(props: ActionButtonProps) {
  const { act, children, label, title, class: look = 'button', isDisabled = false } = props
  const [isBusy, setBusy] = useState(false)
  const press = () => {
    setBusy(true)
    act()
      .catch(sayError)
      .finally(() => setBusy(false))
  }
  return (
    <button
      type="button"
      class={look}
      aria-label={label}
      title={title}
      aria-busy={isBusy}
      disabled={isBusy || isDisabled}
      onClick={press}
    >
      {children}
    </button>
  )
}
