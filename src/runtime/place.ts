/** Where in the user's own code an error comes from: what a message names, so that nobody has to read a stack. */
import { fileURLToPath } from 'node:url'

/** `file:line:column` (or `file:line`) of the first place in a text that is neither ours nor a dependency's. */
export function firstOwnPlace(text: string): string | undefined {
  for (const [, place = ''] of text.matchAll(
    /(?<=^|[\s(])((?:file:\/\/)?\/[^\s()]+?(?::\d+){1,2})(?=[\s)]|$)/g,
  )) {
    if (isOthers(place)) continue
    return place.startsWith('file:') ? decodePlace(place) : place
  }
  return undefined
}

function isOthers(place: string): boolean {
  const own = fileURLToPath(new URL('..', import.meta.url))
  return place.includes('/node_modules/') || place.includes(own)
}

function decodePlace(place: string): string {
  const [, url = '', position = ''] = /^(.*?)((?::\d+)+)$/.exec(place) ?? []
  return fileURLToPath(url) + position
}
