/** How people search in texts, the same in every store and on every page. */

/** Whether the text has the part in it, in any case, and in any script. */
export function isPartOf(text: string | undefined, part: string): boolean {
  return text?.toLowerCase().includes(part.toLowerCase()) ?? false
}
