/** Snippets behind tabs: arrow keys go from one to the next, as in every row of tabs. */
import { useId, useRef, useState } from 'preact/hooks'
import type { Snippet } from '../enqueue-snippets.ts'
import { CopyButton } from './copy-button.tsx'

export function SnippetTabs({ snippets }: { readonly snippets: readonly Snippet[] }) {
  const [at, setAt] = useState(0)
  const id = useId()
  const tabs = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const next = (at + step + snippets.length) % snippets.length
    setAt(next)
    tabs.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
  }
  const shown = snippets[at]
  return (
    <div class="snippets">
      <div class="snippets__bar">
        <div class="tabs" role="tablist" aria-label="The same job from" ref={tabs} onKeyDown={move}>
          {snippets.map(({ title }, index) => (
            <button
              key={title}
              type="button"
              role="tab"
              id={`${id}-${index}`}
              aria-selected={index === at}
              aria-controls={`${id}-panel`}
              tabIndex={index === at ? 0 : -1}
              onClick={() => setAt(index)}
            >
              {title}
            </button>
          ))}
        </div>
        <CopyButton
          text={() => shown?.text ?? ''}
          label={`Copy the ${shown?.title ?? ''} snippet`}
        />
      </div>
      <pre
        class="code"
        id={`${id}-panel`}
        role="tabpanel"
        aria-labelledby={`${id}-${at}`}
        tabIndex={0}
        data-testid="snippet"
      >
        {shown?.text}
      </pre>
    </div>
  )
}
