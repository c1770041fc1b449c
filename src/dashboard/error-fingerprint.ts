/** What is the same in errors that have the same cause: their text without numbers, ids, paths and quoted values. */
import { createHash } from 'node:crypto'

/** In this order: what stands for much goes before what it is made of. */
const changing: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s'"`)\]]+/gi, '<url>'],
  [/"(?:[^"\\]|\\.)*"|'(?:[^'\\\s]|\\.)[^'\n]*'|`[^`]*`/g, '<text>'],
  [/(?:[a-z]:)?(?:[\\/][\w.@~%+-]+){2,}[\\/]?/gi, '<path>'],
  [/(?<![\w/])\/[\w.@~%+-]+/g, '<path>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi, '<hex>'],
  [/\d+(?:[.,:]\d+)*/g, '<n>'],
]

/** Of a first line that is longer than anybody reads. */
const charsMax = 300

export function fingerprint(error: string): string {
  const line = error.slice(0, 4 * charsMax).split('\n', 1)[0] ?? ''
  const kept = changing.reduce((text, [pattern, mark]) => text.replace(pattern, mark), line)
  return kept.replace(/\s+/g, ' ').trim().slice(0, charsMax)
}

/** A short name that stays the same. */
export function groupKey(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12)
}
