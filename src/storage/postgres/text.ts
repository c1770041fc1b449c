/**
 * Text as Postgres can keep it. It refuses the character NUL, which an id or an error message may hold: it
 * is stored as U+0001 and a digit, and so is U+0001 itself, so that no two texts become one.
 */
const escape = '\u0001'

export function storedText(text: string): string {
  if (!text.includes('\0') && !text.includes(escape)) return text
  return text.replaceAll(escape, `${escape}1`).replaceAll('\0', `${escape}0`)
}

/** The name of a schema as SQL takes any: `order` is also a word of its own. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function originalText(stored: string): string {
  if (!stored.includes(escape)) return stored
  return stored.replaceAll(`${escape}0`, '\0').replaceAll(`${escape}1`, escape)
}
