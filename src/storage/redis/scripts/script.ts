/** A Lua program that a server runs at one stroke: nothing else happens on its keys meanwhile. */
import { createHash } from 'node:crypto'

export interface Script {
  readonly text: string
  /** Under which a server that has seen it knows it. */
  readonly sha: string
}

/**
 * A full server refuses the first write of a script when it may take room, but nothing that comes after a
 * write. Scripts that must go on then begin with this one, which takes none and changes nothing.
 */
export function writeOfNothing(key: string): string {
  return `redis.call('HDEL', ${key}, 'none')`
}

export function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}
