/** Instructions of a job: the text that came, whether it was cut, and a way to have all of it. */
import type { Payload } from '../../../src/dashboard/api-types.ts'
import { shownBytes } from '../figures.ts'
import { CopyButton } from './copy-button.tsx'
import { Icon } from './icon.tsx'
import { JsonText } from './json-text.tsx'

interface PayloadViewProps {
  readonly payload: Payload
  readonly label: string
  /** All of it, to download. */
  readonly href: string
  readonly fileName: string
}

export function PayloadView({ payload, label, href, fileName }: PayloadViewProps) {
  return (
    <div class="payload" data-testid="payload">
      <div class="payload__bar">
        <span class="muted">
          {shownBytes(payload.bytes)}
          {payload.isCut && ', cut here: the download has all of it'}
        </span>
        {!payload.isCut && <CopyButton text={() => payload.text} label={`Copy ${label}`} />}
        <a class="button button--small" href={href} download={fileName}>
          <Icon name="download" /> Download
        </a>
      </div>
      <JsonText text={payload.isCut ? `${payload.text}\n…` : payload.text} label={label} />
    </div>
  )
}
