/** JSON with names and values told apart. Long texts stay plain: thousands of elements help nobody. */

const colouredMax = 20_000
const token = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

export function JsonText({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <pre class="code" tabIndex={0} role="region" aria-label={label}>
      <code>{text.length > colouredMax ? text : coloured(text)}</code>
    </pre>
  )
}

function coloured(text: string) {
  const parts = []
  let from = 0
  for (const match of text.matchAll(token)) {
    const [whole, quoted, colon] = match
    if (match.index > from) parts.push(text.slice(from, match.index))
    const look =
      quoted === undefined ? 'json-value' : colon === undefined ? 'json-text' : 'json-name'
    parts.push(
      <span key={match.index} class={look}>
        {quoted ?? whole}
      </span>,
    )
    if (colon !== undefined) parts.push(colon)
    from = match.index + whole.length
  }
  parts.push(text.slice(from))
  return parts
}
